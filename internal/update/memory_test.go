package update_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// remembered is the one tip that is remembered.
func (s *scene) remembered() state.Listed {
	s.t.Helper()
	tips, err := state.List(filepath.Join(s.home, "state"))
	if err != nil || len(tips) != 1 {
		s.t.Fatalf("%d tips, %v", len(tips), err)
	}
	return tips[0]
}

// TestRemembersSigner: a pull that brings nothing new does not forget who has signed
// the tip, and says when it was seen last.
func TestRemembersSigner(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clone()
	before := s.remembered().Remembered
	for range 2 {
		s.ends(outcome.Authentic)(s.pull(nil))
		after := s.remembered().Remembered
		if after.Signer != before.Signer || after.SignerName != "alice" || after.At.Before(before.At) || after.Tip != before.Tip {
			t.Errorf("%+v instead of %+v", after, before)
		}
	}
}

// TestNotRemembered: what did not come in was not seen.
func TestNotRemembered(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clone()
	tip := s.remembered().Remembered.Tip
	s.grow(1)
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.DryRun = true }))
	s.attack()
	s.ends(outcome.Refused)(s.pull(nil))
	if now := s.remembered().Remembered.Tip; now != tip {
		t.Errorf("%s is remembered", now)
	}
}

// TestCannotRemember: where the tip cannot be remembered nothing moves, and the hint
// says what to do.
func TestCannotRemember(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	tip := s.grow(1)
	for name, spoil := range map[string]func(file string){
		"a file in the place of the folder": func(file string) {
			if err := os.RemoveAll(filepath.Dir(file)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Dir(file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"garbage":             func(file string) { appendTo(t, file, "more\n") },
		"others may write it": func(file string) { _ = os.Chmod(file, 0o666) },
	} {
		t.Run(name, func(t *testing.T) {
			s.home = t.TempDir()
			s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
			checkout.Git("reset", "--quiet", "--hard", tip+"^")
			checkout.Git("update-ref", "refs/remotes/origin/main", tip+"^")
			spoil(s.remembered().Path())
			_, err := s.pull(nil)
			s.ends(outcome.Unchecked)(nil, err)
			if hint := outcome.From(err).Hint; hint == "" {
				t.Errorf("no hint with %v", err)
			}
			s.unmoved(checkout, before)
		})
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(content, text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMemoryIsForOneBranch: each branch of a remote has a memory of its own.
func TestMemoryIsForOneBranch(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.server.Git("branch", "old", "main~1")
	s.grow(1)
	checkout := s.clone()
	result := s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.Remote, o.Branch = "origin", "old" }))
	if in := result.Incoming; in.Moves || result.Moved {
		t.Errorf("%+v", in)
	}
	isAt(t, checkout, "HEAD", s.server.Git("rev-parse", "main"))
	s.ends(outcome.Usage)(s.pull(func(o *update.Options) { o.Remote, o.Branch = "origin", "none" }))
}

// TestPullFromURL: without a tracking ref there is the memory alone.
func TestPullFromURL(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	fork := filepath.Join(t.TempDir(), "fork")
	s.server.Git("clone", "--quiet", "--bare", s.server.Dir, fork)
	old := s.server.Git("rev-parse", "main")
	from := func(o *update.Options) { o.Remote = fork }
	tip := s.grow(1)
	s.server.Git("push", "--quiet", fork, "main")
	s.ends(outcome.Authentic)(s.pull(from))
	isAt(t, checkout, "HEAD", tip)
	isAt(t, checkout, "refs/remotes/origin/main", old)
	gittest.At(t, fork).Git("update-ref", "refs/heads/main", old)
	s.ends(outcome.Downgrade)(s.pull(from))
	isAt(t, checkout, "HEAD", tip)
}

// TestNewestAuthorized: where the introduction is not on the first parents of the
// tip, and where nothing is authentic.
func TestNewestAuthorized(t *testing.T) {
	t.Parallel()
	newest := func(o *update.Options) { o.NewestAuthorized = true }
	t.Run("introduction merged in", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		older := s.grow(6)
		settings := trust.Of(s.introduction)
		settings.Introduction = s.grow(1)
		var err error
		if s.introduction, err = settings.Parse(); err != nil {
			t.Fatal(err)
		}
		checkout := s.clone()
		s.server.Git("checkout", "--quiet", "-b", "side", older)
		good := s.server.MergeAs(s.alice, "main")
		s.server.Git("branch", "--force", "main", "side")
		s.server.Git("checkout", "--quiet", "main")
		s.attack()
		s.ends(outcome.Authentic)(s.pull(newest))
		s.at(checkout, good)
	})
	t.Run("nothing is", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		checkout := s.clone()
		before := picture(t, checkout)
		s.server.Git("checkout", "--quiet", "--orphan", "foreign")
		s.attack()
		s.attack()
		s.server.Git("branch", "--force", "main", "foreign")
		s.ends(outcome.Refused)(s.pull(newest))
		s.unmoved(checkout, before)
	})
	t.Run("many refused", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		checkout := s.clone()
		good := s.grow(5)
		for range 6 {
			s.attack()
		}
		result := s.ends(outcome.Authentic)(s.pull(newest))
		s.at(checkout, good)
		if in := result.Incoming; in.Commits != 5 || in.To.String() != good {
			t.Errorf("%+v", in)
		}
	})
	t.Run("older than what was seen", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		old := s.server.Git("rev-parse", "main")
		s.grow(1)
		checkout := s.clone()
		before := picture(t, checkout)
		s.server.Git("reset", "--quiet", "--hard", old)
		s.attack()
		s.ends(outcome.Downgrade)(s.pull(newest))
		s.unmoved(checkout, before)
	})
	t.Run("could not be checked", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		checkout := s.clone()
		good := s.grow(1)
		text := strings.Replace(s.listing(s.alice), "version: 1\n", "version: 1\nthreshold: 2\n", 1)
		s.server.CommitAs(s.alice, ".nix-authorizations", text) // malformed: it could never be met
		s.grow(1)
		s.ends(outcome.Authentic)(s.pull(newest))
		s.at(checkout, good)
	})
}
