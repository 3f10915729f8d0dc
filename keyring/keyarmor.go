package keyring

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// loadArmor reads the armored keys in a file, among which may be any text. Unlike
// a signature, a key has no reason to be written in one way only: what it is, its
// fingerprint says.
func (l *loader) loadArmor(content []byte) {
	found := 0
	for {
		label, body, rest, ok := nextArmor(content)
		if !ok {
			break
		}
		found++
		content = rest
		if label != "PGP PUBLIC KEY BLOCK" {
			l.skip("an armor in it is that of %s instead of a public key", excerpt(label))
			continue
		}
		data, reason := keyArmorData(body)
		if reason != "" {
			l.skip("an armor in it %s", reason)
			continue
		}
		l.loadPackets(data)
	}
	if found == 0 || bytes.Contains(content, []byte("-----BEGIN PGP ")) {
		l.skip("an armor in it is not ended")
	}
}

// nextArmor finds the first armor in some text, all on lines of their own.
func nextArmor(content []byte) (label string, body, rest []byte, ok bool) {
	for len(content) > 0 {
		var line []byte
		line, content, _ = bytes.Cut(content, []byte("\n"))
		begin, isBegin := strings.CutPrefix(strings.TrimRight(string(line), " \t\r"), "-----BEGIN PGP ")
		label, isLabel := strings.CutSuffix("PGP "+begin, "-----")
		if !isBegin || !isLabel {
			continue
		}
		body, rest, ok = bytes.Cut(content, []byte("-----END "+label+"-----"))
		if ok {
			return label, body, rest, true
		}
	}
	return "", nil, nil, false
}

// keyArmorData decodes what stands between the first and the last line of an
// armor, or says why it cannot.
func keyArmorData(body []byte) (data []byte, reason string) {
	var text []byte
	var checksum string
	inHeaders := true
	for line := range bytes.Lines(body) {
		trimmed := bytes.TrimSpace(line)
		switch {
		case inHeaders && bytes.Contains(trimmed, []byte(": ")):
		case len(trimmed) == 0 || inHeaders && bytes.HasSuffix(trimmed, []byte(":")):
		case len(trimmed) == 5 && trimmed[0] == '=':
			checksum = string(trimmed[1:])
		default:
			text = append(text, trimmed...)
			inHeaders = false
		}
	}
	data, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, "is not base64"
	}
	sum := crc24(data)
	if checksum != "" && checksum != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, "has a wrong checksum"
	}
	return data, ""
}
