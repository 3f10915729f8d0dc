package hook

import (
	"errors"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// hintOf is the hint of an error that has one.
func hintOf(err error) string {
	var classed *outcome.Error
	if errors.As(err, &classed) {
		return classed.Hint
	}
	return ""
}

// configOf is the configuration of a repository that has this text added to it.
func configOf(t *testing.T, text string) gitrepo.Config {
	t.Helper()
	r := gittest.New(t)
	path := r.Dir + "/.git/config"
	write(t, path, read(t, path)+text, 0o644)
	config, err := open(t, r.Dir).Config()
	must(t, err)
	return config
}

const (
	general = "[nix-authorize]\n\tintroduction = 1234567890123456789012345678901234567890\n\tsigner = SHA256:x\n"
	origin  = "[remote \"origin\"]\n\turl = /srv/x\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
)

// TestProtected has which refs are judged, and by whose settings.
func TestProtected(t *testing.T) {
	main := general + "\tprotect = main\n"
	tests := []struct {
		name, config, ref string
		want              string // "branch", or "branch from REMOTE's BRANCH"
	}{
		{"branch", main, "refs/heads/main", "main"},
		{"other branch", main, "refs/heads/topic", ""},
		{"longer name", main, "refs/heads/mainline", ""},
		{"below it", main, "refs/heads/main/x", ""},
		{"tracking branch", main, "refs/remotes/origin/main", "main from origin's main"},
		{"other remote", main, "refs/remotes/upstream/main", "main from upstream's main"},
		{"remote's HEAD", general + "\tprotect = *\n", "refs/remotes/origin/HEAD", ""},
		{"branch called HEAD", general + "\tprotect = *\n", "refs/heads/HEAD", "HEAD"},
		{"tag", general + "\tprotect = *\n", "refs/tags/main", ""},
		{"stash", general + "\tprotect = *\n", "refs/stash", ""},
		{"quarantine", general + "\tprotect = *\n", "refs/nix-authorize/quarantine/x/tip", ""},
		{"with refs/heads", general + "\tprotect = refs/heads/main\n", "refs/heads/main", "main"},
		{"pattern", general + "\tprotect = release-*\n", "refs/heads/release-1", "release-1"},
		{"pattern and slashes", general + "\tprotect = release/*\n", "refs/remotes/origin/release/1/x", "release/1/x from origin's release/1/x"},
		{"several", main + "\tprotect = next\n", "refs/heads/next", "next"},
		{"nothing protected", general, "refs/heads/main", ""},
		{"no introduction", "[nix-authorize]\n\tprotect = main\n", "refs/heads/main", ""},
		{"half an introduction", "[nix-authorize]\n\tsigner = x\n\tprotect = main\n", "refs/heads/main", "main"},
		{"introduction of Guix", "[guix \"authentication\"]\n\tintroduction-commit = x\n[nix-authorize]\n\tprotect = main\n", "refs/heads/main", "main"},
		{"own introduction", "[nix-authorize \"stable\"]\n\tintroduction = x\n", "refs/heads/stable", "stable"},
		{"half an own introduction", "[nix-authorize \"stable\"]\n\tsigner = x\n", "refs/remotes/origin/stable", "stable from origin's stable"},
		{"own keyring only", "[nix-authorize \"stable\"]\n\tkeyring = x\n", "refs/heads/stable", ""},
		{"keyring and *", general + "\tprotect = *\n", "refs/heads/keyring", ""},
		{"keyring of the remote and *", general + "\tprotect = *\n", "refs/remotes/origin/keyring", ""},
		{"other keyring and *", general + "\tprotect = *\n\tkeyring = keys\n", "refs/heads/keys", ""},
		{"other keyring, and one called keyring", general + "\tprotect = *\n\tkeyring = keys\n", "refs/heads/keyring", "keyring"},
		{"keyring in a remote", general + "\tprotect = *\n\tkeyring = origin/keys\n" + origin, "refs/remotes/origin/keys", ""},
		{"keyring protected by name", general + "\tprotect = keyring\n", "refs/heads/keyring", "keyring"},
		{"keyring that is the branch", main + "\tkeyring = main\n", "refs/heads/main", "main"},
		{"keyring that ends like the branch", general + "\tprotect = *\n\tkeyring = x/main\n", "refs/heads/main", "main"},
		{"directory of keys", general + "\tprotect = *\n\tkeyring = ./keyring\n", "refs/heads/keyring", "keyring"},
		{"remote with a slash", main + "[remote \"a/b\"]\n\turl = x\n", "refs/remotes/a/b/main", "main from a/b's main"},
		{"remote with a slash, and a branch that looks like it", general + "\tprotect = b/main\n[remote \"a/b\"]\n\turl = x\n", "refs/remotes/a/b/main", ""},
		{"branch with a slash", main + origin, "refs/remotes/origin/b/main", ""},
		{"either", main + origin + "[remote \"origin/b\"]\n\turl = x\n", "refs/remotes/origin/b/main", "main from origin/b's main"},
		{"another name here", main + "[remote \"o\"]\n\tfetch = +refs/heads/trunk:refs/remotes/o/main\n", "refs/remotes/o/main", "main from o's trunk"},
		{"another case", main, "refs/heads/MAIN", ""},
		{"another case in the same file", "[core]\n\tignoreCase = true\n" + main, "refs/remotes/origin/MAIN", "MAIN from origin's MAIN"},
		{"pattern in another case", "[core]\n\tignoreCase = true\n" + general + "\tprotect = Rel-*\n", "refs/heads/rEL-1", "rEL-1"},
		{"own introduction in another case", "[core]\n\tignoreCase = true\n[nix-authorize \"Stable\"]\n\tsigner = x\n", "refs/heads/stable", "Stable"},
		{"not a mirror", main + "[remote \"o\"]\n\tfetch = +refs/*:refs/*\n", "refs/heads/main", "main"},
		{"mirror", "[core]\n\tbare = true\n" + main + "[remote \"o\"]\n\tfetch = +refs/*:refs/*\n", "refs/heads/main", "main from o's main"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, ok := ProtectionIn(configOf(t, test.config)).find(test.ref)
			got := ""
			if ok {
				got = found.branch
				if found.remote != "" {
					got += " from " + found.remote + "'s " + found.served
				}
			}
			if got != test.want {
				t.Errorf("it is judged as %q instead of %q", got, test.want)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"main", "main", true}, {"main", "mai", false}, {"main", "main2", false}, {"", "", true},
		{"*", "main", true}, {"*", "a/b", true}, {"*", "", true}, {"a*", "a", true}, {"a*", "ba", false},
		{"*a", "ba", true}, {"*a", "ab", false}, {"a*a", "a", false}, {"a*a", "aa", true}, {"a*b*c", "axbxc", true},
		{"a*b*c", "abc", true}, {"a*b*c", "acb", false}, {"a*b*b", "ab", false}, {"a**b", "ab", true}, {"*ab*", "aab", true},
	} {
		if got := matches(test.pattern, test.name); got != test.want {
			t.Errorf("%q matches %q: %t", test.pattern, test.name, got)
		}
	}
}

func TestCheckPattern(t *testing.T) {
	for _, good := range []string{"main", "release-*", "*", "refs/heads/main", "a/*/b", "ä"} {
		if err := CheckPattern(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "-x", "a b", "a..b", "a\n", "/", "a~1", "x.lock", "[a-z]", "?"} {
		if err := CheckPattern(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestUsual has the branches that are protected if nobody says which.
func TestUsual(t *testing.T) {
	emptyHome(t)
	remote := gittest.New(t)
	remote.Commit("file", "")
	usual := func(r *gittest.Repo) string {
		branches, err := Usual(open(t, r.Dir))
		if err != nil {
			return hintOf(err)
		}
		return strings.Join(branches, " ")
	}
	if got := usual(gittest.New(t)); got != "main" {
		t.Errorf("before the first commit: %q", got)
	}
	dir := t.TempDir() + "/clone"
	remote.Git("clone", "--quiet", ".", dir)
	r := gittest.At(t, dir)
	if got := usual(r); got != "main" {
		t.Errorf("after a clone: %q", got)
	}
	r.Git("checkout", "--quiet", "-b", "topic")
	if got := usual(r); got != "topic main" {
		t.Errorf("on another branch: %q", got)
	}
	r.Git("checkout", "--quiet", "--detach")
	if got := usual(r); got != "main" {
		t.Errorf("without a branch: %q", got)
	}
	remote.Git("checkout", "--quiet", "--detach")
	if got := usual(remote); !strings.Contains(got, "--protect") {
		t.Errorf("without anything: %q", got)
	}
}
