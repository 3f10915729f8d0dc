package hook

import (
	"strings"
	"testing"
)

func TestServedBranch(t *testing.T) {
	for _, test := range []struct{ refspecs, ref, want string }{
		{"+refs/heads/*:refs/remotes/origin/*", "refs/remotes/origin/a/b", "a/b"},
		{"refs/heads/*:refs/remotes/origin/*", "refs/remotes/other/main", ""},
		{"refs/heads/x:refs/remotes/origin/y", "refs/remotes/origin/y", "x"},
		{"refs/heads/x:refs/remotes/origin/y", "refs/remotes/origin/yy", ""},
		{"+refs/*:refs/*", "refs/heads/main", "main"},
		{"+refs/*:refs/*", "refs/tags/main", ""},
		{"+refs/heads/rel-*:refs/remotes/o/*-rel", "refs/remotes/o/1-rel", "rel-1"},
		{"refs/tags/*:refs/remotes/o/*", "refs/remotes/o/v1", ""},
		{"^refs/heads/x refs/heads/*:refs/remotes/o/*", "refs/remotes/o/x", "x"},
		{"refs/heads/*", "refs/heads/x", ""},
	} {
		got, ok := servedBranch(strings.Fields(test.refspecs), test.ref)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s, %s: %q, %t", test.refspecs, test.ref, got, ok)
		}
	}
}
