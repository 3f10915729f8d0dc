package history

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync"

	"github.com/nix-authorize/nix-authorize/bench/testkey"
)

// people are all that ever commit, and absent is how many of them are not listed at
// any one time.
const (
	people = 320
	absent = 20
)

// A mix is how many of a thousand commits are signed with each kind of key: what 157,592
// signed commits of public repositories have. The 2 % that are signed with DSA are
// missing, since a .nix-authorizations file does not take such keys.
var mix = []struct {
	kind testkey.Kind
	of   uint32
}{
	{testkey.RSA4096, 700}, {testkey.RSA3072, 60}, {testkey.RSA2048, 60},
	{testkey.EdDSA, 168}, {testkey.SSH, 10}, {testkey.ECDSA, 2},
}

// A crowd is the people, with their keys.
type crowd struct {
	keys   []*testkey.Key
	byKind map[testkey.Kind][]int
}

// theCrowd is always the same.
var theCrowd = sync.OnceValues(newCrowd)

func newCrowd() (*crowd, error) {
	c := &crowd{byKind: make(map[testkey.Kind][]int)}
	for i := range people {
		kind := kindOf(i)
		key, err := testkey.New(kind, fmt.Sprintf("dev%03d", i))
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, key)
		c.byKind[kind] = append(c.byKind[kind], i)
	}
	return c, nil
}

// kindOf spreads the kinds, so that never all keys of one are absent.
func kindOf(person int) testkey.Kind {
	switch {
	case person%80 == 0:
		return testkey.ECDSA
	case person%32 == 1:
		return testkey.SSH
	case person%7 == 2:
		return testkey.EdDSA
	case person%16 == 3:
		return testkey.RSA2048
	case person%16 == 5:
		return testkey.RSA3072
	}
	return testkey.RSA4096
}

// listed says whether a person is in the file of an epoch. With each epoch one person
// comes and another goes.
func listed(person, epoch int) bool {
	return ((person-epoch)%people+people)%people >= absent
}

// signer chooses who makes the commit of a number in an epoch. It is somebody who is
// also listed in the epochs around it, where the other parents of merges may be.
func (c *crowd) signer(number, epoch int) *testkey.Key {
	h := fnv.New32a()
	fmt.Fprintf(h, "signer %d", number)
	dice := h.Sum32()
	of := c.byKind[pick(dice%1000)]
	for i := int(dice / 1000 % 1000); ; i++ {
		person := of[i%len(of)]
		if listed(person, epoch-1) && listed(person, epoch) && listed(person, epoch+1) {
			return c.keys[person]
		}
	}
}

func pick(of1000 uint32) testkey.Kind {
	for _, m := range mix {
		if of1000 < m.of {
			return m.kind
		}
		of1000 -= m.of
	}
	return testkey.RSA4096
}

// authorizations is the file of an epoch.
func (c *crowd) authorizations(rule string, epoch int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nmerges: %s\nkeys:\n", rule)
	for i, key := range c.keys {
		if !listed(i, epoch) {
			continue
		}
		fmt.Fprintf(&b, "  - name: %s\n", key.Name)
		if key.IsOpenPGP() {
			fmt.Fprintf(&b, "    openpgp: %s\n", key.Fingerprint)
		} else {
			fields := strings.Fields(key.Public)
			fmt.Fprintf(&b, "    ssh: %s %s\n", fields[0], fields[1])
		}
	}
	return []byte(b.String())
}

// keyring is the commit of the branch on which the OpenPGP keys are. Its date is that of
// the last change of who is listed: a key is published when its owner comes, and git looks
// at all commits since then when it fetches.
func (c *crowd) keyring(p Params) *commit {
	var files []named
	for _, key := range c.keys {
		if key.IsOpenPGP() {
			files = append(files, named{key.Name + ".key", file([]byte(key.Public))})
		}
	}
	root := directory(files)
	objects := newStore(1).collect(root, nil)
	return &commit{tree: root.id, author: committedByUs, seconds: date(p.lastNumber()), message: "Keys\n", objects: objects}
}
