package testkey

import (
	"encoding/base64"
	"strings"
)

// armor is the text form of OpenPGP data with the checksum that gpg writes (RFC 9580,
// 6.2), without the final newline.
func armor(label string, data []byte) string {
	sum := crc24(data)
	var b strings.Builder
	b.WriteString("-----BEGIN " + label + "-----\n\n")
	writeLines(&b, data, 64)
	b.WriteString("=" + base64.StdEncoding.EncodeToString([]byte{byte(sum >> 16), byte(sum >> 8), byte(sum)}))
	b.WriteString("\n-----END " + label + "-----")
	return b.String()
}

// writeLines writes data in base64, in lines of so many characters.
func writeLines(b *strings.Builder, data []byte, width int) {
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		n := min(width, len(text))
		b.WriteString(text[:n])
		b.WriteByte('\n')
		text = text[n:]
	}
}

// crcTable has the checksum of each octet.
var crcTable = makeCRCTable()

func makeCRCTable() (table [256]uint32) {
	for i := range table {
		crc := uint32(i) << 16
		for range 8 {
			if crc <<= 1; crc&0x1000000 != 0 {
				crc ^= 0x1864cfb
			}
		}
		table[i] = crc
	}
	return table
}

// crc24 is the checksum of an armor (RFC 9580, 6.1).
func crc24(data []byte) uint32 {
	crc := uint32(0xb704ce)
	for _, octet := range data {
		crc = crc<<8&0xffffff ^ crcTable[byte(crc>>16)^octet]
	}
	return crc
}
