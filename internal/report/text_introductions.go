package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/internal/age"
	"github.com/nix-authorize/nix-authorize/internal/introductions"
)

// introductions lists named introductions.
func (t *Text) introductions(e Introductions) {
	if e.Old != nil {
		fmt.Fprintln(t.Out, "old:")
		t.introduction(*e.Old)
		fmt.Fprintln(t.Out, "new:")
	}
	for _, entry := range e.Entries {
		t.introduction(entry)
	}
	if len(e.Entries) == 0 {
		fmt.Fprintln(t.Out, `there is none; "nix-authorize introductions add" makes one`)
	}
}

func (t *Text) introduction(e introductions.Entry) {
	fmt.Fprintln(t.Out, Printable(e.Name))
	t.field("url", "%s", Printable(e.URL))
	t.optional("branch", e.Branch)
	t.field("introduction", "%s, signed by %s", e.Introduction.Commit, e.Introduction.Signer.Pretty())
	t.optional("keyring", e.Keyring)
	t.optional("file", string(e.Introduction.Format))
	if e.MaxAge > 0 {
		t.field("max-age", "%s", age.Format(e.MaxAge))
	}
	t.field("from", "%s:%d", Printable(e.File), e.Line)
	t.field("command", "%s", Printable(e.CommandLine()))
}

func (t *Text) optional(name, value string) {
	if value != "" {
		t.field(name, "%s", Printable(value))
	}
}
