package keyring

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func TestCheckArmor(t *testing.T) {
	alice := forge("alice")
	k := New(file(alice.key()))
	packet := newForgery(alice).packet(document)
	plain, summed := enarmor(packet), enarmorLines(packet, 64, true)
	begin, end := "-----BEGIN PGP SIGNATURE-----\n", "\n-----END PGP SIGNATURE-----"
	replace := func(old, new string) string { return strings.Replace(summed, old, new, 1) }
	header := func(lines string) string { return replace(begin+"\n", begin+lines+"\n") }
	firstLine := strings.Split(summed, "\n")[2]
	unused := plain[:strings.LastIndex(plain, "=\n")] // one padding character at least
	for _, c := range []struct {
		name  string
		armor string
		kind  signer.Kind
		words string
	}{
		{"without checksum", plain, 0, ""},
		{"with checksum", summed, 0, ""},
		{"one empty line behind it", summed + "\n", 0, ""},
		{"two empty lines behind it", summed + "\n\n", signer.Malformed, "from its first line to its last"},
		{"junk behind it", summed + "\njunk", signer.Malformed, "from its first line to its last"},
		{"a space behind it", summed + " ", signer.Malformed, "from its first line to its last"},
		{"an empty line before it", "\n" + summed, signer.Malformed, "first line"},
		{"a space before it", " " + summed, signer.Malformed, "first line"},
		{"twice", summed + "\n" + summed, signer.Malformed, "equally long"},
		{"twice with an empty line between", summed + "\n\n" + summed, signer.Malformed, ""},
		{"carriage returns", strings.ReplaceAll(summed, "\n", "\r\n"), signer.Malformed, "first line"},
		{"a carriage return within the data", replace(firstLine, firstLine[:63]+"\r"), signer.Malformed, "carriage return"},
		{"carriage returns within the data", replace(firstLine, firstLine+"\r"), signer.Malformed, "equally long"},
		{"a space within the data", replace(firstLine, firstLine[:10]+" "+firstLine[11:]), signer.Malformed, "base64"},
		{"a space at the end of a line", replace(firstLine, firstLine+" "), signer.Malformed, "equally long"},
		{"an empty line within the data", replace(firstLine, firstLine+"\n"), signer.Malformed, "equally long"},
		{"a NUL", replace(firstLine, firstLine[:10]+"\x00"+firstLine[11:]), signer.Malformed, "base64"},

		{"Version", header("Version: GnuPG v1.4.12 (GNU/Linux)\n"), 0, ""},
		{"Comment", header("Comment: Using GnuPG with Mozilla - http://enigmail.mozdev.org/\n"), 0, ""},
		{"both", header("Version: Keybase Go 5.5.0\nComment: https://keybase.io/download\n"), 0, ""},
		{"letters of any language", header("Comment: Ludovic Courtès\n"), 0, ""},
		{"another header", header("Subject: x\n"), signer.Malformed, "not a header line"},
		{"header without a value", header("Version\n"), signer.Malformed, "not a header line"},
		{"header without a space", header("Version:1\n"), signer.Malformed, "not a header line"},
		{"header with a control character", header("Comment: a\x1b[2J\n"), signer.Malformed, "not a header line"},
		{"header with a tab", header("Comment: a\tb\n"), signer.Malformed, "not a header line"},
		{"header with a bidi override", header("Comment: a\u202eb\n"), signer.Malformed, "not a header line"},
		{"header that is not UTF-8", header("Comment: \xff\n"), signer.Malformed, "not a header line"},
		{"header with a carriage return", header("Comment: a\r\n"), signer.Malformed, "not a header line"},
		{"header with a space at the end", header("Comment: a \n"), signer.Malformed, "not a header line"},
		{"long header", header("Comment: " + strings.Repeat("a", 600) + "\n"), signer.Malformed, "not a header line"},
		{"no empty line", replace(begin+"\n", begin), signer.Malformed, "not a header line"},
		{"empty line with a space", replace(begin+"\n", begin+" \n"), signer.Malformed, "not a header line"},
		{"two empty lines", replace(begin+"\n", begin+"\n\n"), signer.Malformed, "line of 0 characters"},
		{"header behind the data", replace(end, "\nComment: x"+end), signer.Malformed, ""},

		{"wrong checksum", replace("\n=", "\n=A"), signer.Malformed, ""},
		{"checksum of something else", strings.Replace(summed, checksumLine(summed), "=AAAA", 1), signer.Malformed, "checksum"},
		{"checksum that is no base64", strings.Replace(summed, checksumLine(summed), "=????", 1), signer.Malformed, "base64"},
		{"checksum alone", begin + "\n=AAAA" + end, signer.Malformed, ""},
		{"two checksums", replace(end, "\n"+checksumLine(summed)+end), signer.Malformed, ""},
		{"empty line in front of the checksum", replace("\n=", "\n\n="), signer.Malformed, "equally long"},

		{"lines of 76", enarmorLines(packet, 76, true), 0, ""},
		{"lines of 70", enarmorLines(packet, 70, true), 0, ""},
		{"lines of 77", enarmorLines(packet, 77, true), signer.Malformed, "instead of 1 to 76"},
		{"one line", enarmorLines(packet, 10000, true), signer.Malformed, "instead of 1 to 76"},
		{"a short line", replace(firstLine, firstLine[:60]+"\n"+firstLine[60:]), signer.Malformed, "equally long"},
		{"a long last line", longLastLine(packet), signer.Malformed, "equally long"},
		{"no data", begin + "\n" + end, signer.Malformed, "line of 0 characters"},
		{"no data at all", begin[:len(begin)-1] + end, signer.Malformed, ""},
		{"padding is missing", unused + end, signer.Malformed, "base64"},
		{"more padding", unused + "==" + end, signer.Malformed, "base64"},
		{"padding within the data", replace(firstLine, firstLine[:62]+"=="), signer.Malformed, "base64"},
		{"base64 for URLs", replace(firstLine, "-_"+firstLine[2:]), signer.Malformed, "base64"},

		{"message", strings.ReplaceAll(summed, "PGP SIGNATURE", "PGP MESSAGE"), signer.Malformed, `"PGP MESSAGE"`},
		{"public key", strings.ReplaceAll(summed, "PGP SIGNATURE", "PGP PUBLIC KEY BLOCK"), signer.Malformed, `"PGP PUBLIC KEY BLOCK"`},
		{"signed message", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nx\n" + summed, signer.Malformed, `"PGP SIGNED MESSAGE"`},
		{"end of another armor", replace("END PGP SIGNATURE", "END PGP MESSAGE"), signer.Malformed, "from its first line to its last"},
		{"X.509", "-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----", signer.Unsupported, `"SIGNED MESSAGE"`},
		{"private SSH key", "-----BEGIN OPENSSH PRIVATE KEY-----\nMIIB\n-----END OPENSSH PRIVATE KEY-----", signer.Unsupported, ""},
		{"SSH of another kind", "-----BEGIN SSH MESSAGE-----\nMIIB\n-----END SSH MESSAGE-----", signer.Malformed, ""},
		{"OpenPGP in SSH armor", strings.ReplaceAll(plain, "PGP SIGNATURE", "SSH SIGNATURE"), signer.Malformed, ""},
		{"armor of nothing", "-----BEGIN -----\n", signer.Malformed, "first line"},
		{"empty", "", signer.Malformed, "first line"},
		{"text", "hello", signer.Malformed, "first line"},
		{"huge", enarmorLines(make([]byte, 200_000), 64, true), signer.Malformed, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := k.Check(document, []byte(c.armor))
			if c.kind == 0 {
				wantIdentity(t, r, alice.fingerprint())
			} else {
				wantProblem(t, r, c.kind, c.words)
			}
		})
	}
}

func checksumLine(armor string) string {
	lines := strings.Split(armor, "\n")
	return lines[len(lines)-2]
}

func longLastLine(packet []byte) string {
	armor := enarmor(packet)
	lines := strings.Split(armor, "\n")
	n := len(lines)
	return strings.Join(append(lines[:n-3:n-3], lines[n-3]+lines[n-2], lines[n-1]), "\n")
}

// Unused bits of base64 must be zero: they could be anything.
func TestArmorUnusedBits(t *testing.T) {
	for size := 1; size <= 2; size++ {
		text := base64.StdEncoding.EncodeToString(make([]byte, size))
		if _, problem := armorData([]byte(text)); problem != nil {
			t.Errorf("%s: %s", text, problem.Detail)
		}
		last := strings.IndexByte(text, '=') - 1
		if _, problem := armorData([]byte(text[:last] + "B" + text[last+1:])); problem == nil {
			t.Errorf("a bit that is not used may be set in %s", text)
		}
	}
}

// TestMutations requires of each kind of signature that cutting it short anywhere,
// and changing any byte of it, breaks it.
func TestMutations(t *testing.T) {
	alice, six := forge("alice"), forge6("six")
	k := New(file(alice.key(), six.key()))
	keyIDOnly := newForgery(alice)
	keyIDOnly.hashed = sub(2, 1, 2, 3, 4)
	for name, armor := range map[string]string{
		"without checksum": newForgery(alice).armor(document),
		"with checksum":    enarmorLines(newForgery(alice).packet(document), 64, true),
		"key id alone":     keyIDOnly.armor(document),
		"version 6":        newForgery(six).armor(document),
	} {
		t.Run(name, func(t *testing.T) { checkMutations(t, k, document, armor) })
	}
}

func checkMutations(t *testing.T, k *Keyring, message []byte, armor string) {
	t.Helper()
	if r := k.Check(message, []byte(armor)); r.Problem != nil {
		t.Fatalf("%+v", *r.Problem)
	}
	for n := range len(armor) {
		if k.Check(message, []byte(armor[:n])).Problem == nil {
			t.Errorf("accepted when cut off after %d bytes", n)
		}
		for _, b := range otherBytes(armor[n]) {
			mutated := []byte(armor)
			mutated[n] = b
			if k.Check(message, mutated).Problem == nil {
				t.Errorf("accepted with %q instead of %q in %d", b, armor[n], n)
			}
		}
	}
}

// otherBytes are what a byte of armor is replaced by: each of its bits flipped,
// and what the grammar knows.
func otherBytes(b byte) []byte {
	var others []byte
	for bit := range 8 {
		others = append(others, b^1<<bit)
	}
	for _, known := range []byte("\x00\n\r\t =-:+/A") {
		if known != b {
			others = append(others, known)
		}
	}
	return others
}

// TestPacketMutations changes what the armor holds, without the help of a checksum.
func TestPacketMutations(t *testing.T) {
	alice, six := forge("alice"), forge6("six")
	k := New(file(alice.key(), six.key()))
	for _, f := range []*forgery{newForgery(alice), newForgery(six)} {
		packet := f.packet(document)
		for n := range len(packet) {
			if k.Check(document, []byte(enarmor(packet[:n]))).Problem == nil {
				t.Errorf("accepted when cut off after %d octets", n)
			}
			for bit := range 8 {
				mutated := bytes.Clone(packet)
				mutated[n] ^= 1 << bit
				if k.Check(document, []byte(enarmor(mutated))).Problem == nil {
					t.Errorf("accepted with bit %d of octet %d flipped", bit, n)
				}
			}
		}
	}
}

// TestPayloadMutations changes what is signed.
func TestPayloadMutations(t *testing.T) {
	alice := forge("alice")
	k := New(file(alice.key()))
	armor := []byte(newForgery(alice).armor(document))
	for n := range len(document) {
		mutated := bytes.Clone(document)
		mutated[n] ^= 1
		for _, message := range [][]byte{mutated, document[:n], document[n+1:]} {
			wantProblem(t, k.Check(message, armor), signer.BadSignature, "")
		}
	}
	for _, message := range []string{"\n", "\x00", " ", "\r"} { // a text signature would ignore some
		wantProblem(t, k.Check(append(bytes.Clone(document), message...), armor), signer.BadSignature, "")
	}
}

// canonicalArmor writes what dearmor must have read, in the way that text has it
// where there is a choice.
func canonicalArmor(text []byte, label string, data []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-----BEGIN %s-----\n", label)
	rest := strings.SplitAfter(string(text), "\n")[1:]
	checksum := false
	if label == labelPGP {
		for ; rest[0] != "\n"; rest = rest[1:] {
			b.WriteString(rest[0])
		}
		b.WriteString("\n")
		rest = rest[1:]
		last := checksumLine(strings.TrimSuffix(string(text), "\n"))
		checksum = len(last) == 5 && last[0] == '='
	}
	again := enarmorLines(data, len(rest[0])-1, checksum)
	b.WriteString(strings.ReplaceAll(strings.SplitN(again, "\n\n", 2)[1], labelPGP, label))
	if strings.HasSuffix(string(text), "\n") {
		b.WriteString("\n")
	}
	return b.String()
}

// FuzzArmor: what is accepted re-serialises identically.
func FuzzArmor(f *testing.F) {
	packet := newForgery(forge("alice")).packet(document)
	for _, width := range []int{64, 70, 76} {
		f.Add([]byte(enarmorLines(packet, width, true)))
		f.Add([]byte(enarmorLines(packet, width, false) + "\n"))
	}
	f.Add([]byte(strings.Replace(enarmor(packet), "\n\n", "\nVersion: GnuPG v2\nComment: x\n\n", 1)))
	f.Add([]byte(strings.Replace(strings.ReplaceAll(enarmor([]byte("SSHSIG")), labelPGP, labelSSH), "\n\n", "\n", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		label, _ := armorLabel(text)
		if label != labelPGP && label != labelSSH {
			return
		}
		data, problem := dearmor(text, label)
		if problem != nil {
			return
		}
		if again := canonicalArmor(text, label, data); again != string(text) {
			t.Errorf("%q was read, and is written as %q", text, again)
		}
	})
}
