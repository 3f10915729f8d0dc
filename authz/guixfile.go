package authz

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

const guixShape = `(authorizations (version 0) (("FINGERPRINT" (name "NAME")) ...))`

// parseGuix reads .guix-authorizations as Guix does (guix/git-authenticate.scm,
// read-authorizations): the first datum of the file, of the shape
//
//	(authorizations (version 0) ((FINGERPRINT ANY ...) ...) ANY ...)
//
// and whatever follows it ignored. Of what an entry has behind its fingerprint,
// Guix looks at nothing; here "(name STRING)" gives the entry its name.
func parseGuix(content []byte) (*Authorizations, error) {
	file := guixFile{content}
	d, err := readSexp(content)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errorAt(content, len(content), "no expression in the file", guixShape)
	}
	list, err := file.entryList(d)
	if err != nil {
		return nil, err
	}
	entries, err := file.entries(list)
	if err != nil {
		return nil, err
	}
	return newAuthorizations(GuixFormat, MergesStrict, 1, entries), nil
}

// A guixFile makes errors with positions in its content.
type guixFile struct{ content []byte }

func (f guixFile) fail(d *datum, detail, expected string) error {
	return errorAt(f.content, d.off, detail, expected)
}

// entryList checks the shape around the list of entries and returns that list.
func (f guixFile) entryList(d *datum) (*datum, error) {
	if !d.proper() || len(d.items) == 0 || !d.items[0].isAtom("authorizations") {
		return nil, f.fail(d, "not a list of authorizations", guixShape)
	}
	if len(d.items) < 2 {
		return nil, f.fail(d, "no version", "(version 0)")
	}
	version := d.items[1]
	if !version.proper() || len(version.items) != 2 || !version.items[0].isAtom("version") {
		return nil, f.fail(version, "not a version", "(version 0)")
	}
	if !version.items[1].isAtom("0") {
		return nil, f.fail(version.items[1], "an unknown version", "version 0, the only one there is")
	}
	if len(d.items) < 3 {
		return nil, f.fail(d, "no list of entries", guixShape)
	}
	list := d.items[2]
	if !list.proper() {
		return nil, f.fail(list, "not a list of entries", `(("FINGERPRINT" (name "NAME")) ...)`)
	}
	return list, nil
}

func (f guixFile) entries(list *datum) ([]Entry, error) {
	entries := make([]Entry, 0, len(list.items))
	line, counted := 1, 0
	for _, d := range list.items {
		line += bytes.Count(f.content[counted:d.off], []byte("\n"))
		counted = d.off
		if !d.proper() || len(d.items) == 0 || d.items[0].kind != sexpString {
			return nil, f.fail(d, "an entry that does not begin with a fingerprint", `("FINGERPRINT" (name "NAME"))`)
		}
		key, err := guixFingerprint(d.items[0].text)
		if err != nil {
			return nil, f.fail(d.items[0], err.Error(), "the hexadecimal digits of an OpenPGP fingerprint")
		}
		entries = append(entries, Entry{Name: guixName(d.items[1:]), Key: key, Rights: allRights, Line: line})
	}
	return entries, nil
}

// guixName is the string of the first (name STRING) in rest.
func guixName(rest []*datum) string {
	for _, d := range rest {
		if d.kind == sexpList && len(d.items) > 1 && d.items[0].isAtom("name") && d.items[1].kind == sexpString {
			return d.items[1].text
		}
	}
	return ""
}

// guixFingerprint decodes a fingerprint as Guix does (guix/base16.scm): what is
// not graphic is dropped, and the rest must be hexadecimal digits of either
// case, an even number of them. It returns the empty fingerprint for a number
// of digits that no key has. Characters outside ASCII are refused: Guix reads
// their UTF-8 as Latin-1, of which the first byte is graphic and no digit.
func guixFingerprint(s string) (signer.Fingerprint, error) {
	if strings.HasPrefix(s, "SHA256:") {
		return "", fmt.Errorf("%s is the fingerprint of an SSH key, which %s cannot list", excerpt(s), GuixFormat)
	}
	digits := make([]byte, 0, len(s))
	for _, c := range []byte(s) {
		if c > ' ' && c != 0x7F {
			digits = append(digits, c)
		}
	}
	if len(digits)%2 != 0 {
		return "", fmt.Errorf("fingerprint %s has an odd number of digits", excerpt(s))
	}
	octets, err := hex.DecodeString(string(digits))
	if err != nil {
		return "", fmt.Errorf("fingerprint %s is not hexadecimal", excerpt(s))
	}
	if len(octets) != 20 && len(octets) != 32 {
		return "", nil
	}
	return signer.OpenPGP(octets), nil
}
