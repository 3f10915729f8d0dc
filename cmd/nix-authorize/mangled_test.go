package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// mangling is a signed commit, and a keyring that has the key.
type mangling struct {
	ring *keyring.Keyring
	raw  []byte
	// free are the places in raw that are not signed and may be anything: what
	// the header lines of an OpenPGP armor say.
	free [2]int
}

// signs says whether a commit, whatever its id, passes as signed by anyone.
func (m mangling) signs(raw []byte) bool {
	id, _ := gitwalk.Hash(gitwalk.KindCommit, raw)
	commit, err := gitwalk.ParseCommit(id, raw)
	if err != nil || commit.Signature == nil {
		return false
	}
	return m.ring.Check(commit.Payload(), commit.Signature).Problem == nil
}

func newMangling(t *testing.T, key *gittest.Key, args ...string) mangling {
	t.Helper()
	r := gittest.New(t)
	commit := r.RawCommit(r.SortedTree(), "Say something\n\nIn two lines.", r.Commit("file", "text\n"))
	raw := gittest.AddSignature(commit, key.Sign(t, commit, args...))
	m := mangling{
		ring: keyring.New([]keyring.File{{Name: key.File(), Content: []byte(key.Public)}}),
		raw:  raw,
	}
	if start := bytes.Index(raw, []byte(comment)); start >= 0 {
		m.free = [2]int{start - len(" "), start + len(comment)}
	}
	if !m.signs(raw) {
		t.Fatalf("not even the whole commit passes:\n%s", raw)
	}
	return m
}

const comment = "free text"

// Every truncation and every change of one byte of a signed commit is refused. What
// the comment line of an armor says is the one exception.
func TestMangledCommit(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name string
		make func() mangling
	}{
		{"OpenPGP", func() mangling { return newMangling(t, alice(t)) }},
		{"OpenPGP with a comment", func() mangling { return newMangling(t, alice(t), "--comment", comment) }},
		{"OpenPGP RSA", func() mangling { return newMangling(t, bob(t)) }},
		{"SSH", func() mangling { return newMangling(t, gittest.SSH(t, "ed25519", "alice")) }},
		{"SSH ECDSA", func() mangling { return newMangling(t, gittest.SSH(t, "ecdsa", "alice")) }},
	} {
		m := kind.make()
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for size := range len(m.raw) {
				if m.signs(m.raw[:size]) {
					t.Errorf("the first %d bytes of %d pass", size, len(m.raw))
				}
			}
			for at := range m.raw {
				m.changeByte(t, at)
			}
		})
	}
}

// special are bytes that mean something to one of the parsers.
const special = "\x00\n\r\t =-:+/Aa0\x7f\xff"

// changeByte tries each bit and the special bytes in a place, and the place without
// its byte and with it twice.
func (m mangling) changeByte(t *testing.T, at int) {
	others := []byte(special)
	for bit := range 8 {
		others = append(others, m.raw[at]^1<<bit)
	}
	for _, other := range others {
		changed := slices.Clone(m.raw)
		changed[at] = other
		m.check(t, at, changed)
	}
	m.check(t, at, slices.Delete(slices.Clone(m.raw), at, at+1))
	for _, other := range append([]byte("\n "), m.raw[at]) {
		m.check(t, at, slices.Insert(slices.Clone(m.raw), at, other))
	}
}

func (m mangling) check(t *testing.T, at int, changed []byte) {
	if bytes.Equal(changed, m.raw) || !m.signs(changed) {
		return
	}
	if at < m.free[0] || at > m.free[1] {
		t.Errorf("with another byte %d it passes:\n%q", at, changed)
	}
}
