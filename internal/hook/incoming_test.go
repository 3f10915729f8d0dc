package hook

import "testing"

func TestParseFetched(t *testing.T) {
	for _, test := range []struct {
		line, want string // "branch", "no name" or "none"
	}{
		{some + "\t\tbranch 'main' of /srv/x", "main"},
		{some + "\tnot-for-merge\tbranch 'a/b' of https://example.org/' of x", "a/b"},
		{some + "\t\tbranch 'it's' of x", "it's"},
		{some + "\t\thttps://example.org/x", "no name"},
		{some + "\t\ttag 'main' of x", "none"},
		{some + "\t\t'refs/pull/1/head' of x", "none"},
		{some + "\t\tremote-tracking branch 'main' of x", "none"},
		{some + "\t\tbranch 'main", "none"},
		{some, "none"}, {"", "none"},
	} {
		_, branch, ok := parseFetched(test.line)
		if !ok {
			branch = "none"
		} else if branch == "" {
			branch = "no name"
		}
		if branch != test.want {
			t.Errorf("%q is %q instead of %q", test.line, branch, test.want)
		}
	}
}
