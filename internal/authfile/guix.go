package authfile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// FromGuix is a .nix-authorizations with the keys of a .guix-authorizations, and
// what of it could not be taken over as it is, one sentence each. The error is a
// usage error.
func FromGuix(content []byte) (file []byte, changed []string, err error) {
	guix, err := authz.ParseAuthorizations(authz.GuixFormat, content)
	if err != nil {
		return nil, nil, outcome.UsageError(fmt.Errorf("%s is malformed: %w", authz.GuixFormat, err), "mend it first")
	}
	c := conversion{names: map[string]bool{}, keys: map[signer.Fingerprint]int{}}
	for _, e := range guix.Entries() {
		c.take(e)
	}
	if len(c.entries) == 0 {
		return nil, nil, outcome.UsageError(fmt.Errorf("%s lists no key", authz.GuixFormat), "")
	}
	file, err = New(c.entries, Options{})
	return file, c.changed, err
}

type conversion struct {
	entries []authz.Entry
	changed []string
	names   map[string]bool
	keys    map[signer.Fingerprint]int // the line that lists it
}

func (c *conversion) note(e authz.Entry, format string, args ...any) {
	c.changed = append(c.changed, fmt.Sprintf("line %d: ", e.Line)+fmt.Sprintf(format, args...))
}

func (c *conversion) take(e authz.Entry) {
	if e.Key == "" {
		c.note(e, "left out, since no key has a fingerprint of so many digits")
		return
	}
	if line, listed := c.keys[e.Key]; listed {
		c.note(e, "left out, since line %d lists the same key", line)
		return
	}
	c.keys[e.Key] = e.Line
	name := c.unique(printableName(e))
	if name != e.Name {
		c.note(e, "%q is called %q", e.Name, name)
	}
	c.names[name] = true
	c.entries = append(c.entries, authz.Entry{Name: name, Key: e.Key, Rights: e.Rights})
}

const maxName = 100 // characters

// printableName is the name of a Guix entry with nothing in it that
// .nix-authorizations does not allow, or one made of the fingerprint.
func printableName(e authz.Entry) string {
	name := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, e.Name)
	name = strings.TrimSpace(cut(strings.TrimSpace(name), maxName))
	if name == "" {
		return "key " + string(e.Key[len(e.Key)-8:])
	}
	return name
}

// unique is a name that no other entry has.
func (c *conversion) unique(name string) string {
	candidate := name
	for n := 2; c.names[candidate]; n++ {
		number := fmt.Sprintf(" %d", n)
		candidate = strings.TrimSpace(cut(name, maxName-len(number))) + number
	}
	return candidate
}

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
