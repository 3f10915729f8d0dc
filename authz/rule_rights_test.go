package authz

import (
	"fmt"
	"strings"
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

// TestRuleNotYet has what is never passed since it is not judged.
func TestRuleNotYet(t *testing.T) {
	w := newWorld(t, NixFormat)
	one := fileWith(NixFormat, nixListing("", ""))
	two := fileWith(NixFormat, nixListing("threshold: 2\n", ""))
	paths := fileWith(NixFormat, nixListing("", ", paths: [a/]"))
	signed := fileWith(NixFormat, nixListing("merges: signed\n", ""))
	vouched := fileWith(NixFormat, nixListing("merges: vouched\n", ""))
	none, bad := &File{}, fileWith(NixFormat, "{")
	cannot := func(signer, what string) verdictWanted {
		return verdictWanted{CannotCheck, 0, signer, "its verdict needs \"" + what + "\""}
	}
	for _, c := range []struct {
		name    string
		file    *File
		parents []*File
		want    verdictWanted
	}{
		{"signed", signed, []*File{signed, signed}, cannot("-", "merges: signed")},
		{"signed octopus", signed, []*File{signed, signed, one}, cannot("-", "merges: signed")},
		{"vouched", vouched, []*File{vouched, none}, cannot("-", "merges: vouched")},
		{"signed in the second parent", one, []*File{one, signed}, authentic},
		{"signed and one parent", signed, []*File{signed}, authentic},
		{"signed and the file removed", none, []*File{signed, signed}, verdictWanted{AuthorizationsRemoved, 1, "-", "removes"}},
		{"vouched and a malformed file", bad, []*File{vouched, none}, verdictWanted{MalformedAuthorizations, 0, "-", "column"}},
		{"paths", paths, []*File{paths}, cannot("alice", "paths")},
		{"paths and a merge", paths, []*File{paths, paths}, verdictWanted{Unauthorized, 1, "alice", "needs the right to merge"}},
		{"paths and a change", one, []*File{paths}, verdictWanted{Unauthorized, 1, "alice", "needs the right to authorize"}},
		{"paths and the file removed", none, []*File{paths}, verdictWanted{Unauthorized, 1, "alice", ""}},
		{"threshold", one, []*File{two}, cannot("alice", "threshold: 2")},
		{"threshold of the second parent", one, []*File{one, two}, cannot("alice", "threshold: 2")},
		{"threshold and no change", two, []*File{two}, authentic},
		{"a new threshold", two, []*File{one}, authentic},
		{"threshold and a malformed file", bad, []*File{two}, verdictWanted{MalformedAuthorizations, 0, "alice", "column"}},
		{"threshold and the file removed", none, []*File{two}, verdictWanted{AuthorizationsRemoved, 1, "alice", "removes"}},
	} {
		t.Run(c.name, func(t *testing.T) { c.want.check(t, w.policy.Judge(factsOf(c.file, c.parents...))) })
	}
}

// TestRuleNotYetUnsigned has that a bad signature is refused before anything is
// found that is not judged.
func TestRuleNotYetUnsigned(t *testing.T) {
	w := newWorld(t, NixFormat)
	two := fileWith(NixFormat, nixListing("threshold: 2\n", ", paths: [a/]"))
	facts := factsOf(two, two)
	facts.Signed = false
	verdictWanted{Unsigned, 0, "-", ""}.check(t, w.policy.Judge(facts))
}

// TestRuleHistoricalNotYet has that rules in historical authorizations count.
func TestRuleHistoricalNotYet(t *testing.T) {
	w := newWorld(t, NixFormat)
	for head, merge := range map[string]bool{"merges: signed\n": true, "threshold: 2\n": false} {
		w.policy.Historical = mustParse(t, NixFormat, nixListing(head, ""))
		facts := factsOf(fileWith(NixFormat, nixListing("", "")), &File{})
		if merge {
			facts.Parents = append(facts.Parents, facts.Parents[0])
		}
		v := w.policy.Judge(facts)
		if v.Unchecked == nil || v.Refusal != nil || !strings.Contains(v.Unchecked.Detail, strings.TrimSpace(head)) {
			t.Errorf("%q: %+v", head, v)
		}
	}
}
