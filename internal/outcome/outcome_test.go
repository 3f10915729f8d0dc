package outcome

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
)

// The exit codes are what scripts and other programs rely on.
func TestExitCodes(t *testing.T) {
	for class, exit := range map[Class]int{
		Authentic: 0, Refused: 1, Usage: 2, Downgrade: 3, Stale: 4, Unchecked: 5, Interrupted: 130,
	} {
		if class.Exit != exit || class.Name == "" {
			t.Errorf("%+v instead of %d", class, exit)
		}
	}
	for judged, class := range map[authz.Outcome]Class{
		authz.Authentic: Authentic, authz.Refused: Refused, authz.Unchecked: Unchecked, "new": Unchecked,
	} {
		if got := Of(judged); got != class {
			t.Errorf("%q is %+v instead of %+v", judged, got, class)
		}
	}
}

// Whatever ends a command has a class. What nobody foresaw is no verdict.
func TestFrom(t *testing.T) {
	usage := UsageError(errors.New("wrong"), "do it right")
	for _, test := range []struct {
		err   error
		class Class
	}{
		{usage, Usage},
		{fmt.Errorf("more: %w", usage), Usage},
		{context.Canceled, Interrupted},
		{fmt.Errorf("reading: %w", context.Canceled), Interrupted},
		{errors.New("surprise"), Unchecked},
		{&Error{Class: Refused}, Refused},
	} {
		if got := From(test.err); got.Class != test.class || got.Error() == "" {
			t.Errorf("%v is %+v instead of %+v", test.err, got.Class, test.class)
		}
	}
	if got := From(errors.New("surprise")); got.Reason != authz.CannotCheck {
		t.Errorf("the reason is %q", got.Reason)
	}
}

func TestOfVerdict(t *testing.T) {
	for _, test := range []struct {
		verdict authz.Verdict
		class   Class
	}{
		{authz.Verdict{}, Authentic},
		{authz.Verdict{Refusal: &authz.Refusal{}}, Refused},
		{authz.Verdict{Unchecked: &authz.UncheckedError{}}, Unchecked},
		{authz.Verdict{Refusal: &authz.Refusal{}, Unchecked: &authz.UncheckedError{}}, Refused},
	} {
		if got := OfVerdict(&test.verdict); got != test.class {
			t.Errorf("%+v is %+v instead of %+v", test.verdict, got, test.class)
		}
	}
}
