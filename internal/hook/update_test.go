package hook

import (
	"slices"
	"strings"
	"testing"
)

func TestReadUpdates(t *testing.T) {
	tests := []struct {
		name  string
		hook  Name
		stdin string
		want  []string // "ref value", or the error's text
	}{
		{"branches", ReferenceTransaction, zeros + " " + some + " refs/heads/main\n" + some + " " + some + " refs/remotes/o/x\n",
			[]string{"refs/heads/main " + some, "refs/remotes/o/x " + some}},
		{"deletion", ReferenceTransaction, some + " " + zeros + " refs/heads/main\n", nil},
		{"tag, HEAD, stash", PreReceive, zeros + " " + some + " refs/tags/v1\n" + zeros + " " + some + " HEAD\n" + zeros + " " + some + " refs/stash\n", nil},
		{"merge", ReferenceTransaction, zeros + " " + some + " ORIG_HEAD\n", []string{"ORIG_HEAD " + some}},
		{"HEAD becomes symbolic", ReferenceTransaction, "ref:refs/heads/a ref:refs/heads/b HEAD\n", nil},
		{"branch becomes symbolic", ReferenceTransaction, zeros + " ref:refs/heads/b refs/heads/a\n", []string{"refs/heads/a ref:refs/heads/b"}},
		{"push", PrePush, "refs/heads/x " + some + " refs/heads/main " + zeros + "\n", []string{"refs/heads/main " + some}},
		{"push of an expression", PrePush, ":/fix the bug " + some + " refs/heads/main " + zeros + "\n", []string{"refs/heads/main " + some}},
		{"push that deletes", PrePush, "(delete) " + zeros + " refs/heads/main " + some + "\n", nil},
		{"nothing", PrePush, "", nil},
		{"empty line", ReferenceTransaction, "\n", []string{"does not understand"}},
		{"two fields", ReferenceTransaction, zeros + " refs/heads/main\n", []string{"does not understand"}},
		{"four fields", ReferenceTransaction, zeros + " " + some + " refs/heads/main x\n", []string{"does not understand"}},
		{"no value", ReferenceTransaction, zeros + "  refs/heads/main\n", []string{"does not understand"}},
		{"push of three fields", PrePush, some + " refs/heads/main " + zeros + "\n", []string{"does not understand"}},
		{"long line", PreReceive, zeros + " " + some + " refs/heads/" + strings.Repeat("x", maxLine) + "\n", []string{"token too long"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			updates, err := readUpdates(test.hook, strings.NewReader(test.stdin))
			if err != nil {
				if len(test.want) != 1 || !strings.Contains(err.Error(), test.want[0]) {
					t.Errorf("%v instead of %q", err, test.want)
				}
				return
			}
			var got []string
			for _, u := range updates {
				got = append(got, u.ref+" "+u.value)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q instead of %q", got, test.want)
			}
		})
	}
}
