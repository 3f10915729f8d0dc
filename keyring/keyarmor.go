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
	found := false
	begun, label := -1, "" // where the data of the armor starts, and what it is
	for at := 0; at < len(content); {
		line, _, _ := bytes.Cut(content[at:], []byte("\n"))
		start := at
		at += len(line) + 1
		if begin, ok := armorLine(line, "-----BEGIN "); ok && strings.HasPrefix(begin, "PGP ") {
			if begun >= 0 {
				l.skip("an armor in it is not ended")
			}
			begun, label, found = at, begin, true
		} else if end, ok := armorLine(line, "-----END "); ok && begun >= 0 && end == label {
			l.loadBlock(label, content[begun:start])
			begun = -1
		}
	}
	if begun >= 0 || !found {
		l.skip("an armor in it is not ended, or has no lines of its own")
	}
}

// armorLine is what stands between a prefix and five dashes, if that is the line.
func armorLine(line []byte, prefix string) (label string, ok bool) {
	rest, begins := bytes.CutPrefix(bytes.TrimRight(line, " \t\r"), []byte(prefix))
	rest, ends := bytes.CutSuffix(rest, []byte("-----"))
	if !begins || !ends {
		return "", false
	}
	return string(rest), true
}

func (l *loader) loadBlock(label string, body []byte) {
	if label != "PGP PUBLIC KEY BLOCK" {
		l.skip("an armor in it is that of %s instead of a public key", excerpt(label))
		return
	}
	data, reason := keyArmorData(body)
	if reason != "" {
		l.skip("an armor in it %s", reason)
		return
	}
	l.loadPackets(data)
}

// keyArmorData decodes what stands between the first and the last line of an
// armor, or says why it cannot.
func keyArmorData(body []byte) (data []byte, reason string) {
	text := make([]byte, 0, len(body))
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
