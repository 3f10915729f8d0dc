package hook

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/state"
)

// A served is a guarded repository whose remote serves main. Its commits:
//
//	start - good - newer
//	            \- fork
type served struct {
	*guarded
	newer, fork string
}

func newServed(t *testing.T) *served {
	t.Helper()
	s := &served{guarded: newGuarded(t)}
	s.newer = s.CommitAs(s.alice, "file", "newer\n")
	s.Git("reset", "--quiet", "--hard", s.good)
	s.fork = s.CommitAs(s.alice, "file", "fork\n")
	s.Git("reset", "--quiet", "--hard", s.good)
	s.Git("remote", "add", "origin", "https://example.org/hello.git")
	return s
}

// fetch says that the remote serves a commit as main, moves the tracking ref if that
// is not vetoed, and returns what was said.
func (s *served) fetch(commit string) string {
	s.t.Helper()
	said := s.run(ReferenceTransaction, to("refs/remotes/origin/main", commit))
	if said == "authentic" {
		s.Git("update-ref", "refs/remotes/origin/main", commit)
	}
	return said
}

// remembered is the tip of main in the state of the user.
func (s *served) remembered() string {
	s.t.Helper()
	list, err := state.List(filepath.Join(s.env["HOME"], ".local", "state", "nix-authorize"))
	must(s.t, err)
	if len(list) != 1 || list[0].Remembered == nil {
		return "none"
	}
	return list[0].Remembered.Tip.String()
}

const downgraded = "refs/remotes/origin/main downgrade downgrade"

func TestDowngrade(t *testing.T) {
	s := newServed(t)
	for _, step := range []struct{ commit, said, remembered string }{
		{s.good, "authentic", s.good},
		{s.start, downgraded, s.good},
		{s.newer, "authentic", s.newer},
		{s.newer, "authentic", s.newer},
		{s.good, downgraded, s.newer},
		{s.fork, downgraded, s.newer},
		{s.unsigned, "refs/remotes/origin/main unsigned", s.newer},
	} {
		if said := s.fetch(step.commit); said != step.said {
			t.Errorf("%s instead of %s", said, step.said)
		}
		if tip := s.remembered(); tip != step.remembered {
			t.Errorf("%s is remembered instead of %s", tip, step.remembered)
		}
	}
	if said := s.run(ReferenceTransaction, to("refs/heads/main", s.start)); said != "authentic" {
		t.Errorf("the user goes back: %s", said)
	}
	if said := s.run(PrePush, pushed("refs/heads/main", s.start)); said != "authentic" {
		t.Errorf("the user pushes: %s", said)
	}
	// The ref goes away and comes back; what is remembered stays.
	s.Git("update-ref", "-d", "refs/remotes/origin/main")
	if said := s.fetch(s.good); said != downgraded {
		t.Errorf("after the ref was deleted: %s", said)
	}
}

// TestDowngradeRemembers has what is remembered of a tip.
func TestDowngradeRemembers(t *testing.T) {
	s := newServed(t)
	s.fetch(s.newer)
	list, err := state.List(filepath.Join(s.env["HOME"], ".local", "state", "nix-authorize"))
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	key, r := list[0].Key(), list[0].Remembered
	if key.Remote != "https://example.org/hello" || key.Branch != "main" || key.Introduction.Commit.String() != s.start {
		t.Errorf("it is remembered for %+v", key)
	}
	if string(r.Signer) != s.alice.Fingerprint || r.SignerName != "alice" || r.CommitTime.IsZero() || r.At.IsZero() {
		t.Errorf("%+v", r)
	}
}

// TestDowngradeElsewhere has another clone of the same remote, by the same user.
func TestDowngradeElsewhere(t *testing.T) {
	s := newServed(t)
	s.fetch(s.newer)
	fresh := gittest.New(t)
	fresh.Git("fetch", "--quiet", s.Dir, s.good)
	other := &served{guarded: &guarded{Repo: fresh, t: t, alice: s.alice, start: s.start, env: s.env}}
	other.trust("nix-authorize")
	other.Git("config", "nix-authorize.protect", "main")
	other.Git("remote", "add", "origin", "https://example.org/hello/")
	if said := other.fetch(s.good); said != downgraded {
		t.Errorf("an older tip: %s", said)
	}
	other.Git("remote", "set-url", "origin", "https://example.com/hello")
	if said := other.fetch(s.good); said != "authentic" {
		t.Errorf("of another remote: %s", said)
	}
}

// TestDowngradeUnremembered has a ref from before there were hooks.
func TestDowngradeUnremembered(t *testing.T) {
	tests := []struct {
		name         string
		before, then func(s *served) string
		want         string
	}{
		{"forward", func(s *served) string { return s.good }, func(s *served) string { return s.newer }, "authentic"},
		{"back", func(s *served) string { return s.good }, func(s *served) string { return s.start }, downgraded},
		{"across", func(s *served) string { return s.newer }, func(s *served) string { return s.fork }, downgraded},
		{"from a bad commit", func(s *served) string { return s.unsigned }, func(s *served) string { return s.newer }, "authentic"},
	}
	for _, test := range tests {
		for _, home := range []string{t.TempDir(), ""} {
			s := newServed(t)
			s.env["HOME"] = home
			s.Git("update-ref", "refs/remotes/origin/main", test.before(s))
			if said := s.fetch(test.then(s)); said != test.want {
				t.Errorf("%s, home %q: %s instead of %s", test.name, home, said, test.want)
			}
		}
	}
}

// TestDowngradeDoubtful has state that cannot be read or written. It must not count
// as none.
func TestDowngradeDoubtful(t *testing.T) {
	s := newServed(t)
	s.fetch(s.good)
	dir := filepath.Join(s.env["HOME"], ".local", "state", "nix-authorize", "tips")
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		if path := filepath.Join(dir, entry.Name()); !strings.HasSuffix(path, ".lock") {
			write(t, path, "garbage", 0o600)
		}
	}
	if said := s.fetch(s.newer); said != "refs/remotes/origin/main could-not-check cannot-check" {
		t.Error(said)
	}
	var why error
	r := s.hook(ReferenceTransaction)
	r.Veto = func(v Veto) { why = v.Err }
	_, err = r.Do(context.Background(), strings.NewReader(to("refs/remotes/origin/main", s.newer)+"\n"))
	if err != nil || why == nil || !strings.Contains(why.Error(), "cannot be read") || !strings.Contains(hintOf(why), "nix-authorize state forget") {
		t.Errorf("%v, %v, hint %q", err, why, hintOf(why))
	}
	if said := s.run(ReferenceTransaction, to("refs/heads/main", s.newer)); said != "authentic" {
		t.Errorf("a branch of the user's own: %s", said)
	}
}

// TestDowngradeMirror has a bare repository that follows a remote.
func TestDowngradeMirror(t *testing.T) {
	s := newServed(t)
	mirror := gittest.New(t, "--bare")
	mirror.Git("remote", "add", "--mirror=fetch", "up", s.Dir)
	mirror.Git("fetch", "--quiet", "up")
	for _, commit := range []string{s.newer, s.fork} {
		mirror.Git("fetch", "--quiet", s.Dir, commit)
	}
	m := &guarded{Repo: mirror, t: t, alice: s.alice, start: s.start, env: map[string]string{"HOME": t.TempDir()}}
	m.trust("nix-authorize")
	m.Git("config", "nix-authorize.protect", "main")
	for _, step := range []struct{ commit, want string }{
		{s.newer, "authentic"}, {s.start, "refs/heads/main downgrade downgrade"}, {s.fork, "refs/heads/main downgrade downgrade"},
	} {
		if said := m.run(ReferenceTransaction, to("refs/heads/main", step.commit)); said != step.want {
			t.Errorf("%s instead of %s", said, step.want)
		}
	}
	if said := m.run(PrePush, pushed("refs/heads/main", s.start)); said != "authentic" {
		t.Errorf("pushed from there: %s", said)
	}
	m.Git("config", "--unset", "remote.up.fetch")
	if said := m.run(ReferenceTransaction, to("refs/heads/main", s.start)); said != "authentic" {
		t.Errorf("in a repository that is no mirror: %s", said)
	}
}
