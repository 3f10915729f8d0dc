package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A signing is one signed commit and what can be done to it.
type signing struct {
	h       *history
	key     *gittest.Key // authorized
	other   *gittest.Key // in the keyring, and not authorized
	payload []byte       // the commit without signature
}

// armor is a signature of the payload.
func (s signing) armor(args ...string) []byte { return s.key.Sign(s.h.t, s.payload, args...) }

// commit is the signed commit.
func (s signing) commit() []byte { return gittest.AddSignature(s.payload, s.armor()) }

// behind is the signed commit with lines put in behind the header of this name,
// all its continuation lines included.
func (s signing) behind(header, lines string) []byte {
	return insertBehind(s.commit(), header, lines)
}

func insertBehind(commit []byte, header, lines string) []byte {
	headers, message, _ := strings.Cut(string(commit), "\n\n")
	var b strings.Builder
	inside, done := false, false
	for line := range strings.Lines(headers + "\n") {
		if inside && !strings.HasPrefix(line, " ") && !done {
			b.WriteString(lines)
			done = true
		}
		inside = inside || strings.HasPrefix(line, header+" ")
		b.WriteString(line)
	}
	if !done {
		b.WriteString(lines)
	}
	return []byte(b.String() + "\n" + message)
}

// withArmor is the commit with another signature in its place.
func (s signing) withArmor(armor string) []byte {
	return gittest.AddSignature(s.payload, []byte(armor))
}

// packets is an armor of the decoded signatures, one behind the other.
func packets(armors ...[]byte) string {
	var data []byte
	var first, last string
	for _, armor := range armors {
		lines := strings.Split(strings.TrimSpace(string(armor)), "\n")
		first, last = lines[0], lines[len(lines)-1]
		var encoded strings.Builder
		for _, line := range lines[1 : len(lines)-1] {
			if line != "" && !strings.HasPrefix(line, "=") {
				encoded.WriteString(line)
			}
		}
		decoded, err := base64.StdEncoding.DecodeString(encoded.String())
		if err != nil {
			panic(err)
		}
		data = append(data, decoded...)
	}
	return rearmor(data, first, last)
}

// rearmor writes data in lines of 64 characters and without a checksum. An
// OpenPGP armor has an empty line in front of them.
func rearmor(data []byte, first, last string) string {
	text := first + "\n"
	if strings.Contains(first, "PGP") {
		text += "\n"
	}
	encoded := base64.StdEncoding.EncodeToString(data)
	for len(encoded) > 64 {
		text += encoded[:64] + "\n"
		encoded = encoded[64:]
	}
	return text + encoded + "\n" + last + "\n"
}

// hidesParents is the verdict on a commit whose form keeps its parents from being
// seen, so that no way leads from it to the introduction.
const hidesParents = "malformed-commit"

// evilTree is a tree without anything.
const evilTree = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"

// A mutation is what is done to a signed commit, and what becomes of it. An empty
// verdict means that the row says nothing of that kind of signature.
type mutation struct {
	name     string
	pgp, ssh string
	mutate   func(s signing) []byte
}

func both(name, verdict string, mutate func(s signing) []byte) mutation {
	return mutation{name, verdict, verdict, mutate}
}

var mutations = []mutation{
	both("01 original", "authentic", signing.commit),
	both("02 extra header gpgsigevil with continuation", "malformed-commit", func(s signing) []byte {
		return s.behind("gpgsig", "gpgsigevil one\n two\n")
	}),
	both("02 extra header gpgsigevil in front", "malformed-commit", func(s signing) []byte {
		return s.behind("committer", "gpgsigevil one\n two\n")
	}),
	both("03 extra gpgsig-sha256", "malformed-commit", func(s signing) []byte {
		return s.behind("gpgsig", "gpgsig-sha256 junk\n")
	}),
	both("04 unrelated extra header added", "bad-signature", func(s signing) []byte {
		return s.behind("gpgsig", "unrelated header\n")
	}),
	both("04 unrelated extra header added in front", "bad-signature", func(s signing) []byte {
		return s.behind("committer", "unrelated header\n")
	}),
	both("05 gpgsig before author", "malformed-commit", func(s signing) []byte {
		return insertBehind(s.payload, "parent", string(gittest.Header("gpgsig", s.armor())))
	}),
	{"06 armor Comment line", "authentic", "malformed-commit", func(s signing) []byte {
		return s.withArmor(strings.Replace(string(s.armor()), "-----\n", "-----\nComment: made by hand\n", 1))
	}},
	{"06 armor Version line", "authentic", "malformed-commit", func(s signing) []byte {
		return s.withArmor(strings.Replace(string(s.armor()), "-----\n", "-----\nVersion: GnuPG v1\n", 1))
	}},
	both("06 unknown armor line", "malformed-commit", func(s signing) []byte {
		return s.withArmor(strings.Replace(string(s.armor()), "-----\n", "-----\nEvil: yes\n", 1))
	}),
	both("07 two identical gpgsig headers", "malformed-commit", func(s signing) []byte {
		return s.behind("gpgsig", string(gittest.Header("gpgsig", s.armor())))
	}),
	both("08 junk after END", "malformed-commit", func(s signing) []byte { return s.withArmor(string(s.armor()) + "junk\n") }),
	both("08 a space after END", "malformed-commit", func(s signing) []byte {
		return s.withArmor(strings.TrimSuffix(string(s.armor()), "\n") + " \n")
	}),
	both("08 two empty lines after END", "malformed-commit", func(s signing) []byte { return s.withArmor(string(s.armor()) + "\n\n") }),
	both("08 one empty line after END", "authentic", func(s signing) []byte { return s.withArmor(string(s.armor()) + "\n") }),
	both("08 junk before BEGIN", "malformed-commit", func(s signing) []byte { return s.withArmor("junk\n" + string(s.armor())) }),
	both("08 an armor behind the armor", "malformed-commit", func(s signing) []byte {
		return s.withArmor(string(s.armor()) + string(s.armor()))
	}),
	both("09 NUL and text appended to the message", "malformed-commit", func(s signing) []byte {
		return append(s.commit(), "\x00evil\n"...)
	}),
	both("10 CRLF inside gpgsig", "malformed-commit", func(s signing) []byte {
		return s.withArmor(strings.ReplaceAll(string(s.armor()), "\n", "\r\n"))
	}),
	both("10 one CR inside gpgsig", "malformed-commit", func(s signing) []byte {
		return s.withArmor(strings.Replace(string(s.armor()), "\n-----END", "\r\n-----END", 1))
	}),
	both("11 two signatures in one armor, ours first", "malformed-commit", func(s signing) []byte {
		return s.withArmor(packets(s.armor(), s.other.Sign(s.h.t, s.payload)))
	}),
	both("12 two signatures in one armor, ours last", "malformed-commit", func(s signing) []byte {
		return s.withArmor(packets(s.other.Sign(s.h.t, s.payload), s.armor()))
	}),
	both("11 12 one signature in an armor of the same kind", "authentic", func(s signing) []byte {
		return s.withArmor(packets(s.armor()))
	}),
	both("13 valid signature by a key that is not authorized", "unauthorized", func(s signing) []byte {
		return gittest.AddSignature(s.payload, s.other.Sign(s.h.t, s.payload))
	}),
	both("14 signature over other bytes", "bad-signature", func(s signing) []byte {
		return gittest.AddSignature(s.payload, s.key.Sign(s.h.t, append(s.payload, "more\n"...)))
	}),
	{"15 text-mode signature", "unsupported-signature", "", func(s signing) []byte {
		return s.withArmor(string(s.armor("--textmode")))
	}},
	{"15 signature in another namespace", "", "unsupported-signature", func(s signing) []byte {
		return s.withArmor(string(s.armor("-n", "file")))
	}},
	{"16 SHA-1 digest", "weak-signature", "", func(s signing) []byte {
		return s.withArmor(string(s.armor("--digest-algo", "SHA1")))
	}},
	{"16 MD5 digest", "weak-signature", "", func(s signing) []byte { return s.withArmor(digest(s.armor(), 1)) }},
	both("17 second tree, evil first", hidesParents, func(s signing) []byte { return append([]byte(evilTree), s.commit()...) }),
	both("18 second tree, evil last", hidesParents, func(s signing) []byte { return s.behind("tree", evilTree) }),
	both("19 second author after committer", "malformed-commit", func(s signing) []byte {
		return s.behind("committer", "author Eve <eve@example.org> 1600000000 +0000\n")
	}),
	both("20 parent after committer", "malformed-commit", func(s signing) []byte {
		return s.behind("committer", "parent "+s.h.introduction+"\n")
	}),
	both("21 armor type PGP MESSAGE", "malformed-commit", func(s signing) []byte {
		return s.withArmor(retype(s.armor(), "PGP MESSAGE"))
	}),
	both("21 armor type of nobody", "unsupported-signature", func(s signing) []byte {
		return s.withArmor(retype(s.armor(), "SIGNED MESSAGE"))
	}),
}

// retype gives an armor another type.
func retype(armor []byte, typ string) string {
	text := string(armor)
	for _, old := range []string{"PGP SIGNATURE", "SSH SIGNATURE"} {
		text = strings.ReplaceAll(text, old+"-----", typ+"-----")
	}
	return text
}

// digest puts another digest into the only packet of an OpenPGP armor: it is the
// fourth octet of the body, which has a header of two octets (RFC 9580, 5.2.3).
func digest(armor []byte, number byte) string {
	lines := strings.Split(packets(armor), "\n")
	data, err := base64.StdEncoding.DecodeString(strings.Join(lines[2:len(lines)-2], ""))
	if err != nil {
		panic(err)
	}
	data[2+3] = number
	return rearmor(data, lines[0], lines[len(lines)-2])
}

// One signed commit, mutated, judged by the program: the rows of the project's
// table of hostile input.
func TestHostileCommit(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name       string
		key, other *gittest.Key
		verdict    func(m mutation) string
	}{
		{"OpenPGP", alice(t), gittest.PGP(t, "ed25519", "mallory"), func(m mutation) string { return m.pgp }},
		{"SSH", gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "mallory"), func(m mutation) string { return m.ssh }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, nixName, kind.key, kind.other)
			h.SortedTree() // the evil tree
			s := signing{h, kind.key, kind.other, h.RawCommit(h.tree("HEAD"), "Change something", h.introduction)}
			for _, m := range mutations {
				if verdict := kind.verdict(m); verdict != "" {
					t.Run(m.name, func(t *testing.T) { judge(t, s, m.mutate(s), verdict) })
				}
			}
		})
	}
}

// judge judges a commit, and a good child of it: what is wrong with a commit is
// wrong with all that builds on it.
func judge(t *testing.T, s signing, commit []byte, verdict string) {
	t.Helper()
	id := s.h.Hash("commit", commit)
	refused := ""
	if verdict != "authentic" {
		refused = id
	}
	a := s.h.verify(id)
	want(t, a, verdict, refused)
	if verdict == "authentic" && (a.judged() != 1 || a.Signers[0].Fingerprint != s.key.Fingerprint) {
		t.Errorf("it was not judged as signed by the key: %+v", a)
	}
	child := s.h.sign(s.key, s.h.RawCommit(s.h.tree("HEAD"), "On top", id))
	want(t, s.h.verify(child), verdict, refused)
	want(t, s.h.user().json(append([]string{"explain", id}, s.h.flags()...)...), verdict, refused)
}

// The same departures from the canonical form, signed as they are: the form is
// refused whoever vouches for it, while a header without meaning is not.
func TestHostileCommitSignedAsItIs(t *testing.T) {
	t.Parallel()
	key := alice(t)
	h := newHistory(t, nixName, key)
	h.SortedTree() // the evil tree
	s := signing{h, key, nil, h.RawCommit(h.tree("HEAD"), "Change something", h.introduction)}
	for _, test := range []struct {
		name, verdict string
		payload       []byte
	}{
		{"second tree, evil first", hidesParents, append([]byte(evilTree), s.payload...)},
		{"second tree, evil last", hidesParents, insertBehind(s.payload, "tree", evilTree)},
		{"second author", "malformed-commit", insertBehind(s.payload, "committer", "author Eve <e@example.org> 1 +0000\n")},
		{"second committer", "malformed-commit", insertBehind(s.payload, "committer", "committer Eve <e@example.org> 1 +0000\n")},
		{"parent after committer", "malformed-commit", insertBehind(s.payload, "committer", "parent "+h.introduction+"\n")},
		{"no author", "malformed-commit", dropHeader(s.payload, "author")},
		{"no tree", hidesParents, dropHeader(s.payload, "tree")},
		{"gpgsig-sha256", "malformed-commit", insertBehind(s.payload, "committer", "gpgsig-sha256 junk\n")},
		{"two encodings", "malformed-commit", insertBehind(s.payload, "committer", "encoding UTF-8\nencoding UTF-7\n")},
		{"NUL in the message", "malformed-commit", append(bytes.Clone(s.payload), 0)},
		{"parent in upper case", hidesParents, bytes.Replace(s.payload, []byte(h.introduction), []byte(strings.ToUpper(h.introduction)), 1)},
		{"unknown header", "authentic", insertBehind(s.payload, "committer", "change-id one\n two\n")},
		{"mergetag", "authentic", insertBehind(s.payload, "committer", "mergetag object "+h.introduction+"\n type commit\n")},
		{"encoding", "authentic", insertBehind(s.payload, "committer", "encoding ISO-8859-1\n")},
		{"no message", "authentic", s.payload[:bytes.Index(s.payload, []byte("\n\n"))+2]},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.payload = test.payload
			judge(t, s, s.commit(), test.verdict)
		})
	}
}

func dropHeader(commit []byte, name string) []byte {
	var out []byte
	for line := range bytes.Lines(commit) {
		if !bytes.HasPrefix(line, []byte(name+" ")) {
			out = append(out, line...)
		}
	}
	return out
}

// The table must not lose a row.
func TestHostileCommitHasEveryRow(t *testing.T) {
	for row := 1; row <= 21; row++ {
		found := false
		for _, m := range mutations {
			found = found || strings.Contains(m.name, fmt.Sprintf("%02d ", row))
		}
		if !found {
			t.Errorf("row %02d has no test", row)
		}
	}
}
