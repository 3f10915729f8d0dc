package keyring

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Limits of the armor of a signature, in bytes. Real ones have less than 2,000.
const (
	maxArmor       = 128 << 10
	maxArmorLine   = 76 // of base64 (RFC 9580, 6.2.1)
	maxArmorHeader = 512
)

// The labels of the two kinds of armor that are read.
const (
	labelPGP = "PGP SIGNATURE"
	labelSSH = "SSH SIGNATURE"
)

// armorLabel is what the first line says that the armor holds, and false if it
// is not the first line of an armor.
func armorLabel(armor []byte) (string, bool) {
	line, _, _ := bytes.Cut(armor, []byte("\n"))
	label, begins := bytes.CutPrefix(line, []byte("-----BEGIN "))
	label, ends := bytes.CutSuffix(label, []byte("-----"))
	return string(label), begins && ends && len(label) > 0
}

// dearmor reads an armor that is the whole of text but for one empty line that
// may follow, as signatures made by GitHub have it. There is one accepted way
// to write some data in lines of a given length; only what the header lines of
// an OpenPGP armor say is free.
func dearmor(text []byte, label string) ([]byte, *signer.Problem) {
	if len(text) > maxArmor {
		return nil, malformed("the armor has more than %d bytes", maxArmor)
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	body, begins := bytes.CutPrefix(text, []byte("-----BEGIN "+label+"-----\n"))
	body, ends := bytes.CutSuffix(body, []byte("\n-----END "+label+"-----"))
	if !begins || !ends {
		return nil, malformed("it is not one %s armor from its first line to its last", label)
	}
	if label == labelSSH {
		return armorData(body)
	}
	body, problem := skipArmorHeaders(body)
	if problem != nil {
		return nil, problem
	}
	body, checksum, problem := cutChecksum(body)
	if problem != nil {
		return nil, problem
	}
	data, problem := armorData(body)
	if problem == nil && checksum != nil && crc24(data) != [3]byte(checksum) {
		problem = malformed("the checksum of the armor is wrong")
	}
	return data, problem
}

// armorKeys are the names of header lines (RFC 9580, 6.2.2).
var armorKeys = []string{"Version", "Comment", "MessageID", "Hash", "Charset"}

// skipArmorHeaders requires printable header lines, then an empty line.
func skipArmorHeaders(body []byte) ([]byte, *signer.Problem) {
	for {
		line, rest, more := bytes.Cut(body, []byte("\n"))
		if !more {
			return nil, malformed("the armor lacks the empty line in front of its data")
		}
		if len(line) == 0 {
			return rest, nil
		}
		if len(line) > maxArmorHeader || !isArmorHeader(string(line)) {
			return nil, malformed("%s is not a header line of an armor", excerpt(line))
		}
		body = rest
	}
}

func isArmorHeader(line string) bool {
	key, value, ok := strings.Cut(line, ": ")
	return ok && slices.Contains(armorKeys, key) && utf8.ValidString(value) &&
		!strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) &&
		!strings.HasSuffix(value, " ")
}

// cutChecksum takes the checksum off the end of the data, nil if there is none:
// it is optional (RFC 9580, 6.1).
func cutChecksum(body []byte) (data, checksum []byte, problem *signer.Problem) {
	const length = 5 // "=" and four characters
	start := len(body) - length
	if start < 1 || body[start] != '=' || body[start-1] != '\n' {
		return body, nil, nil
	}
	checksum, problem = armorData(body[start+1:])
	return body[:start-1], checksum, problem
}

// armorData decodes base64 in lines of equal length but for the last, which may
// be shorter. It refuses white space and unused bits that are not zero.
func armorData(body []byte) ([]byte, *signer.Problem) {
	line, _, _ := bytes.Cut(body, []byte("\n"))
	width := len(line)
	if width == 0 || width > maxArmorLine {
		return nil, malformed("the armor has a line of %d characters instead of 1 to %d", width, maxArmorLine)
	}
	text := make([]byte, 0, len(body))
	for more := true; more; {
		line, body, more = bytes.Cut(body, []byte("\n"))
		if len(line) == 0 || len(line) > width || more && len(line) < width {
			return nil, malformed("the lines of the armor are not equally long")
		}
		text = append(text, line...)
	}
	if bytes.IndexByte(text, '\r') >= 0 { // the decoder would skip it
		return nil, malformed("the armor has a carriage return")
	}
	n, err := base64.StdEncoding.Strict().Decode(text, text)
	if err != nil {
		return nil, malformed("the data of the armor is not base64 in its canonical form")
	}
	return text[:n], nil
}

// crc24 is the checksum of an OpenPGP armor (RFC 9580, 6.1.1).
func crc24(data []byte) [3]byte {
	crc := uint32(0xB704CE)
	for _, b := range data {
		crc = crc<<8 ^ crc24Table[byte(crc>>16)^b]
	}
	return [3]byte{byte(crc >> 16), byte(crc >> 8), byte(crc)}
}

var crc24Table = func() (table [256]uint32) {
	const generator = 0x864CFB
	for i := range table {
		crc := uint32(i) << 16
		for range 8 {
			carry := crc & (1 << 23)
			crc <<= 1
			if carry != 0 {
				crc ^= generator
			}
		}
		table[i] = crc
	}
	return table
}()
