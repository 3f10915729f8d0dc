package update_test

import (
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// publish puts keys on a branch of the remote.
func (s *scene) publish(branch string, keys ...*gittest.Key) string {
	s.t.Helper()
	files := make(map[string]string)
	for _, k := range keys {
		files[k.File()] = k.Public
	}
	commit := s.server.CommitFiles(files)
	s.server.Git("update-ref", "refs/heads/"+branch, commit)
	return commit
}

func fingerprints(keys []keyring.Key) (all []string) {
	for _, k := range keys {
		all = append(all, string(k.Fingerprint))
	}
	return all
}

// TestKeyringComesAlong: a key that signs what comes in is found in the keyring that
// comes in with it, whatever the branch is called.
func TestKeyringComesAlong(t *testing.T) {
	t.Parallel()
	for _, branch := range []string{"keyring", "public/keys"} {
		t.Run(branch, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			bob := gittest.PGP(t, "ed25519", "bob")
			s.publish(branch, s.alice)
			s.publish(branch+"-old", s.mallory) // a name that begins like it
			s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Verification.Settings.Keyring = branch })
			checkout := gittest.At(t, s.dir)
			s.server.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice, bob))
			tip := s.server.CommitAs(bob, "file", "by bob\n")
			s.ends(outcome.Refused)(s.pull(nil)) // nobody has published it
			keys := s.publish(branch, bob)
			result := s.ends(outcome.Authentic)(s.pull(nil))
			s.at(checkout, tip)
			isAt(t, checkout, "refs/remotes/origin/"+branch, keys)
			in := result.Incoming
			if n, g := fingerprints(in.NewKeys), fingerprints(in.GoneKeys); len(n) != 1 || n[0] != bob.Fingerprint || len(g) != 1 || g[0] != s.alice.Fingerprint {
				t.Errorf("new keys %v, gone keys %v", n, g)
			}
			result = s.ends(outcome.Authentic)(s.pull(nil))
			if in := result.Incoming; len(in.NewKeys)+len(in.GoneKeys) > 0 {
				t.Errorf("new keys %v, gone keys %v", in.NewKeys, in.GoneKeys)
			}
		})
	}
}

// TestKeyringOfRefused: the keyring of a history that is refused does not replace the
// one that is here.
func TestKeyringOfRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	old := s.publish("keyring", s.alice)
	checkout := s.clone()
	s.publish("keyring", s.mallory)
	s.attack()
	s.ends(outcome.Refused)(s.pull(nil))
	isAt(t, checkout, "refs/remotes/origin/keyring", old)
}

// TestKeyringAlone: it can change where nothing else does.
func TestKeyringAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone() // without a keyring
	keys := s.publish("keyring", s.alice)
	result := s.ends(outcome.Authentic)(s.pull(nil))
	isAt(t, checkout, "refs/remotes/origin/keyring", keys)
	if !result.Moved || result.Incoming.Commits != 0 || len(result.Incoming.NewKeys) != 1 {
		t.Errorf("%+v", result)
	}
	s.server.Git("branch", "--quiet", "-D", "keyring") // and go again
	s.ends(outcome.Authentic)(s.pull(nil))
	isAt(t, checkout, "refs/remotes/origin/keyring", keys)
}

// TestKeyringOfAnotherRemote is where the settings say that it is.
func TestKeyringOfAnotherRemote(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	bob := gittest.PGP(t, "ed25519", "bob")
	s.server.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice, bob))
	tip := s.server.CommitAs(bob, "file", "by bob\n")
	other := gittest.New(t)
	other.Keyring(bob)
	checkout.Git("fetch", "--quiet", other.Dir, "keyring:refs/remotes/other/keyring")
	s.ends(outcome.Refused)(s.pull(nil))
	s.settings = trust.Settings{Keyring: "other/keyring"}
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
}

// TestRightsShown: what comes in is compared with what the branch has, not with
// commits of the user's own.
func TestRightsShown(t *testing.T) {
	t.Parallel()
	changes := func(c *authz.FileChange) string {
		text := ""
		for _, k := range c.Keys {
			text += string(k.Kind) + " " + k.New.Name + k.Old.Name + ";"
		}
		return text
	}
	t.Run("own commits on top", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		checkout := s.clone()
		checkout.Env = append(checkout.Env, "GIT_COMMITTER_DATE=1700000000 +0000") // later than what it builds on
		checkout.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice, s.mallory))
		result := s.ends(outcome.Authentic)(s.pull(nil))
		if in := result.Incoming; !in.Authorizations.IsEmpty() || in.Moves || in.Commits != 0 {
			t.Errorf("%s %+v", changes(in.Authorizations), in)
		}
		s.grow(1)
		result = s.ends(outcome.Authentic)(s.pull(nil))
		if in := result.Incoming; !in.Authorizations.IsEmpty() || in.Moves || in.Commits != 1 {
			t.Errorf("%s %+v", changes(in.Authorizations), in)
		}
		bob := gittest.SSH(t, "ed25519", "bob")
		s.server.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice, bob))
		result = s.ends(outcome.Authentic)(s.pull(nil))
		if got := changes(result.Incoming.Authorizations); got != "added bob;" {
			t.Error(got)
		}
	})
	t.Run("back", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		old := s.server.Git("rev-parse", "main")
		s.server.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice, s.mallory))
		s.clone()
		s.server.Git("reset", "--quiet", "--hard", old)
		result := s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
		if in := result.Incoming; changes(in.Authorizations) != "removed mallory;" || !in.Moves {
			t.Errorf("%s %+v", changes(in.Authorizations), in)
		}
	})
}
