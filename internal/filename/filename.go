// Package filename makes names of files of the names that people have.
package filename

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

const most = 60 // characters

// Of is a name that every file system takes and no shell takes for anything else:
// lower-case letters, digits, dots, underscores and hyphens, with a letter or digit
// first. Different names can have the same.
func Of(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '.' || r == '_':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	safe := b.String()
	safe = strings.Trim(safe[:min(len(safe), most)], "-._")
	if safe == "" {
		return "key"
	}
	return safe
}

// With is Of with the end of a fingerprint, for a name that another has, too.
func With(name string, key signer.Fingerprint) string {
	text := string(key)
	if key.IsSSH() {
		text = Of(strings.TrimPrefix(text, "SHA256:"))
	}
	return Of(name) + "-" + text[max(0, len(text)-8):]
}
