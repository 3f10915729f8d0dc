package authz

import (
	"fmt"
	"testing"
)

// nixListing is a file in which alice may do what rights say and bob everything.
func nixListing(head, aliceMay string) string {
	return fmt.Sprintf("version: 1\n%skeys:\n- {name: alice, openpgp: %s%s}\n- {name: bob, openpgp: %s}\n",
		head, alice.fingerprint(), aliceMay, bob.fingerprint())
}

// TestRuleRights has which right each shape of commit needs of each parent.
func TestRuleRights(t *testing.T) {
	w := newWorld(t, NixFormat)
	may := map[Right]*File{}
	for r := RightCommit; r <= allRights; r++ {
		may[r] = fileWith(NixFormat, nixListing("", ", may: ["+r.String()+"]"))
	}
	same := func(f ...*File) (*File, []*File) { return f[0], f }
	changed := func(f ...*File) (*File, []*File) { return executable(f[0]), f }
	for r, file := range may {
		for _, c := range []struct {
			name  string
			facts func(...*File) (*File, []*File)
			files []*File
			needs Right
		}{
			{"commit", same, []*File{file}, RightCommit},
			{"change", changed, []*File{file}, RightCommit | RightAuthorize},
			{"merge", same, []*File{file, file}, RightMerge},
			{"octopus", same, []*File{file, file, file}, RightMerge},
			{"change in a merge", changed, []*File{file, file}, RightMerge | RightAuthorize},
		} {
			want := verdictWanted{signer: "alice"}
			if missing := c.needs &^ r; missing != 0 {
				want = verdictWanted{Unauthorized, 1, "alice", fmt.Sprintf("needs the right to %s, and its signer may only %s", missing, r)}
			}
			t.Run(c.name+" by one who may "+r.String(), func(t *testing.T) {
				own, parents := c.facts(c.files...)
				want.check(t, w.policy.Judge(factsOf(own, parents...)))
			})
		}
	}
}

// TestRuleRightsOfEachParent has merges that change the file against one parent.
func TestRuleRightsOfEachParent(t *testing.T) {
	w := newWorld(t, NixFormat)
	all, mergeOnly := fileWith(NixFormat, nixListing("", "")), fileWith(NixFormat, nixListing("", ", may: [merge]"))
	lacks := func(parent int) verdictWanted {
		return verdictWanted{Unauthorized, parent, "alice", "needs the right to authorize, and its signer may only merge"}
	}
	for _, c := range []struct {
		name    string
		file    *File
		parents []*File
		want    verdictWanted
	}{
		{"as in the one that lets her only merge", mergeOnly, []*File{all, mergeOnly}, authentic},
		{"as in the other", all, []*File{all, mergeOnly}, lacks(2)},
		{"as in the other, turned round", all, []*File{mergeOnly, all}, lacks(1)},
		{"as in neither", executable(all), []*File{all, mergeOnly}, lacks(2)},
	} {
		t.Run(c.name, func(t *testing.T) { c.want.check(t, w.policy.Judge(factsOf(c.file, c.parents...))) })
	}
}
