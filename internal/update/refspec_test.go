package update

import "testing"

func TestRefspecs(t *testing.T) {
	const usual = "+refs/heads/*:refs/remotes/origin/*"
	for _, c := range []struct {
		name     string
		refspecs refspecs
		ref      string
		to       string
		excluded bool
	}{
		{"none", nil, "refs/heads/main", "", false},
		{"usual", refspecs{usual}, "refs/heads/main", "refs/remotes/origin/main", false},
		{"with slashes", refspecs{usual}, "refs/heads/a/b", "refs/remotes/origin/a/b", false},
		{"not forced", refspecs{"refs/heads/*:refs/remotes/o/*"}, "refs/heads/main", "refs/remotes/o/main", false},
		{"one branch", refspecs{"+refs/heads/main:refs/remotes/o/trunk"}, "refs/heads/main", "refs/remotes/o/trunk", false},
		{"another branch", refspecs{"+refs/heads/main:refs/remotes/o/main"}, "refs/heads/main2", "", false},
		{"part of a name", refspecs{"+refs/heads/rel-*-x:refs/remotes/o/*/y"}, "refs/heads/rel-1-x", "refs/remotes/o/1/y", false},
		{"overlapping ends", refspecs{"+refs/heads/aba*ba:refs/remotes/o/*"}, "refs/heads/aba", "", false},
		{"the first counts", refspecs{"+refs/heads/main:refs/remotes/a/main", usual}, "refs/heads/main", "refs/remotes/a/main", false},
		{"left out", refspecs{usual, "^refs/heads/main"}, "refs/heads/main", "", true},
		{"left out by a pattern", refspecs{"^refs/heads/wip/*", usual}, "refs/heads/wip/a", "", true},
		{"another left out", refspecs{usual, "^refs/heads/wip/*"}, "refs/heads/main", "refs/remotes/origin/main", false},
		{"a mirror", refspecs{"+refs/*:refs/*"}, "refs/heads/main", "refs/heads/main", false},
		{"fetched and not kept", refspecs{"refs/heads/main"}, "refs/heads/main", "", false},
		{"kept nowhere", refspecs{"refs/heads/main:"}, "refs/heads/main", "", false},
		{"no full name", refspecs{"refs/heads/main:main"}, "refs/heads/main", "", false},
		{"a command", refspecs{"refs/heads/main:refs/x\nupdate refs/heads/main 0 0"}, "refs/heads/main", "", false},
		{"two commands", refspecs{"refs/heads/*:refs/x 0 0\ndelete refs/heads/*"}, "refs/heads/main", "", false},
		{"out of the repository", refspecs{"refs/heads/*:refs/../../*"}, "refs/heads/main", "", false},
		{"an option", refspecs{"refs/heads/*:refs/-x*"}, "refs/heads/main", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, excluded := c.refspecs.destination(c.ref)
			if to != c.to || excluded != c.excluded {
				t.Errorf("%s is kept in %q, excluded: %v", c.ref, to, excluded)
			}
		})
	}
}

func TestKeyringRef(t *testing.T) {
	const usual = "+refs/heads/*:refs/remotes/origin/*"
	for _, c := range []struct {
		name     string
		refspecs refspecs
		bare     bool
		keyring  string
		want     string
	}{
		{"usual", refspecs{usual}, false, "keyring", "refs/remotes/origin/keyring"},
		{"another name", refspecs{usual}, false, "keys/public", "refs/remotes/origin/keys/public"},
		{"a clone of one branch", refspecs{"+refs/heads/main:refs/remotes/up/main"}, false, "keyring", "refs/remotes/up/keyring"},
		{"a place of its own", refspecs{usual[:0] + "+refs/heads/main:refs/remotes/up/main", "+refs/heads/keyring:refs/keys"}, false, "keyring", "refs/keys"},
		{"left out", refspecs{usual, "^refs/heads/keyring"}, false, "keyring", ""},
		{"renamed", refspecs{"+refs/heads/main:refs/remotes/up/trunk"}, false, "keyring", ""},
		{"none wanted", refspecs{usual}, false, "", ""},
		{"it is what is pulled", refspecs{usual}, false, "main", ""},
		{"a mirror", refspecs{"+refs/*:refs/*"}, true, "keyring", "refs/heads/keyring"},
		{"a mirror with a work tree", refspecs{"+refs/*:refs/*"}, false, "keyring", ""},
		{"a mirror of the keyring", refspecs{"+refs/*:refs/*"}, true, "main", ""},
		{"a URL", nil, false, "keyring", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := Target{Local: "main", Branch: "main", CheckedOut: !c.bare, refspecs: c.refspecs}
			target.Tracking = target.tracking()
			if got := target.keyringRef(c.keyring); got != c.want {
				t.Errorf("the keyring is kept in %q", got)
			}
		})
	}
}

func TestRemoteKeyring(t *testing.T) {
	for _, c := range []struct{ setting, remote, want string }{
		{"", "origin", "keyring"},
		{"keys", "origin", "keys"},
		{"origin/keys", "origin", "keys"},
		{"upstream/keys", "origin", "upstream/keys"},
		{"./keys", "origin", ""},
		{"/srv/keys", "origin", ""},
		{"refs/heads/keys", "origin", ""},
		{"-keys", "origin", ""},
		{"a b", "origin", ""},
		{"keys*", "origin", ""},
	} {
		if got := remoteKeyring(c.setting, c.remote); got != c.want {
			t.Errorf("of %q it is %q instead of %q", c.setting, got, c.want)
		}
	}
}

func TestDefaultDir(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.org/hello.git": "hello", "https://example.org/hello/": "hello", "git@example.org:hello.git": "hello",
		"/srv/hello/.git": "hello", "../hello": "hello", "hello": "hello",
		"..": "", ".": "", "/": "", "https://example.org/-x": "", "https://example.org/..": "",
	} {
		if got := defaultDir(url); got != want {
			t.Errorf("%q is cloned into %q instead of %q", url, got, want)
		}
	}
}
