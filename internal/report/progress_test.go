package report

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
)

// On what is no terminal a plain line comes every ten seconds, and only for events
// that are progress.
func TestPlainProgress(t *testing.T) {
	var out strings.Builder
	var p progress
	later := func(d time.Duration) { p.begun, p.shown = p.begun.Add(-d), p.shown.Add(-d) }
	p.show(&out, authz.Walking{Found: 1})
	later(9 * time.Second)
	p.show(&out, authz.Walking{Found: 500})
	if out.Len() > 0 {
		t.Errorf("before ten seconds are over: %q", &out)
	}
	later(time.Second)
	p.show(&out, &authz.Verdict{})
	p.show(&out, authz.Walking{Found: 501})
	p.show(&out, authz.Walking{Found: 502})
	later(10 * time.Second)
	p.show(&out, &authz.Verdict{})
	p.show(&out, authz.Judging{Done: 7, Total: 502})
	p.show(&out, authz.Judging{Done: 8, Total: 502})
	if got, want := out.String(), "checking: 501 commits so far\njudging: 7 of 502 commits\n"; got != want {
		t.Errorf("it shows %q instead of %q", got, want)
	}
	p.clear()
}

// Progress that is not for a person goes nowhere.
func TestProgressOfQuietAndJSON(t *testing.T) {
	var out, err strings.Builder
	quiet := &Text{Out: &out, Err: &err, Color: ColorNever, Getenv: func(string) string { return "" }, Quiet: true}
	quiet.progress.begun = time.Now().Add(-time.Hour)
	quiet.progress.shown = quiet.progress.begun
	quiet.Handle(Progress{authz.Walking{Found: 1}})
	program := &JSON{Out: &out}
	program.Handle(Progress{authz.Walking{Found: 1}})
	if out.Len()+err.Len() > 0 {
		t.Errorf("it shows %q and %q", &out, &err)
	}
}

// A bar is drawn when there is something new, and by nobody else: not when it has
// been cleared and the verdict stands in its place.
func TestBarIsDrawnByNobodyElse(t *testing.T) {
	var out strings.Builder
	before := runtime.NumGoroutine()
	bar := newBar(&out, unknown, "checking")
	_ = bar.Set(1)
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("a goroutine was started: %d instead of %d", after, before)
	}
	if !strings.Contains(out.String(), "checking") {
		t.Errorf("it shows %q", &out)
	}
}
