package introductions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/age"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A field is one of the fields of an entry: how it is checked and taken from its
// text, and its text.
type field struct {
	name     string
	required bool
	set      func(e *Entry, text string) *problem
	text     func(e *Entry) string // empty if it is not set
}

// fields are in the order in which they are written.
var fields = []field{
	{"url", true, (*Entry).setURL, func(e *Entry) string { return e.URL }},
	{"branch", false, (*Entry).setBranch, func(e *Entry) string { return e.Branch }},
	{"introduction", true, (*Entry).setCommit, func(e *Entry) string { return e.Introduction.Commit.String() }},
	{"signer", true, (*Entry).setSigner, func(e *Entry) string { return e.Introduction.Signer.Pretty() }},
	{"keyring", false, (*Entry).setKeyring, func(e *Entry) string { return e.Keyring }},
	{"authorizations", false, (*Entry).setFormat, func(e *Entry) string { return string(e.Introduction.Format) }},
	{"max-age", false, (*Entry).setMaxAge, maxAgeText},
}

func maxAgeText(e *Entry) string {
	if e.MaxAge == 0 {
		return ""
	}
	return age.Format(e.MaxAge)
}

// A problem is what is wrong with the text of a field, and what it should be.
type problem struct{ detail, expected string }

func fieldNamed(name string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

// knownFields lists the fields that are possible.
func knownFields() string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return "one of " + strings.Join(names, ", ")
}

const maxText = 1000 // bytes

// set checks a text and takes the field from it.
func set(e *Entry, f field, text string) *problem {
	switch {
	case text == "":
		return &problem{"no value", "one, or the field left out"}
	case len(text) > maxText:
		return &problem{fmt.Sprintf("a value of more than %d bytes", maxText), "a shorter one"}
	case strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.ContainsRune(text, unicode.ReplacementChar):
		return &problem{fmt.Sprintf("%.60q has spaces around it or a character that is not printable", text), "printable text"}
	}
	return f.set(e, text)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func checkName(name string) *problem {
	if nameForm.MatchString(name) {
		return nil
	}
	return &problem{fmt.Sprintf("%.60q is no name", name), `up to 100 letters, digits, ".", "_" and "-", beginning with a letter or digit`}
}

func (e *Entry) setURL(text string) *problem {
	switch {
	case strings.HasPrefix(text, "-"):
		return &problem{fmt.Sprintf("%.60q begins with a dash", text), "a URL"}
	case remoteurl.IsLocal(text) && !strings.HasPrefix(text, "/"):
		return &problem{fmt.Sprintf("%.60q is a relative path", text), "a URL or an absolute path"}
	case remoteurl.HasCredentials(text):
		return &problem{"a URL with a password or token", "one without; git asks for it, or has it from a credential helper (gitcredentials(7))"}
	}
	e.URL = text
	return nil
}

func (e *Entry) setBranch(text string) *problem {
	if !validRef(text) || strings.HasPrefix(text, "refs/") || text == "HEAD" {
		return &problem{fmt.Sprintf("%.60q is no name of a branch", text), `one such as main, without "refs/heads/"`}
	}
	e.Branch = text
	return nil
}

func (e *Entry) setKeyring(text string) *problem {
	if !validRef(text) && !strings.HasPrefix(text, "/") {
		return &problem{fmt.Sprintf("%.60q is neither the name of a branch nor an absolute path", text), "a branch such as keyring, or a directory by its absolute path"}
	}
	e.Keyring = text
	return nil
}

// validRef says whether git allows a name for a branch (git-check-ref-format(1)).
func validRef(name string) bool {
	if strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") || name == "@" ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, " ~^:?*[\\") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

func (e *Entry) setCommit(text string) *problem {
	commit, err := gitwalk.ParseID(text)
	if err != nil || commit.IsZero() {
		return &problem{fmt.Sprintf("%.60q is no id of a commit", text), "all 40 hexadecimal digits"}
	}
	e.Introduction.Commit = commit
	return nil
}

func (e *Entry) setSigner(text string) *problem {
	fingerprint, err := signer.ParseFingerprint(text)
	if err != nil {
		return &problem{fmt.Sprintf("%.80q is no fingerprint", text), `40 or 64 hexadecimal digits, or "SHA256:" and 43 characters as "ssh-keygen -l" prints them`}
	}
	e.Introduction.Signer = fingerprint
	return nil
}

func (e *Entry) setFormat(text string) *problem {
	format, err := authz.ParseFormat(text)
	if err != nil {
		return &problem{fmt.Sprintf("unknown authorizations file %.60q", text), string(authz.NixFormat) + " or " + string(authz.GuixFormat)}
	}
	e.Introduction.Format = format
	return nil
}

func (e *Entry) setMaxAge(text string) *problem {
	d, err := age.Parse(text)
	if err != nil {
		return &problem{err.Error(), "an age such as 14d"}
	}
	e.MaxAge = d
	return nil
}
