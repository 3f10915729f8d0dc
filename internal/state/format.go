package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/private"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// header begins every file of this version.
const header = "nix-authorize remembered tip 1\n"

// none stands for a signer or date that is not known.
const none = "none"

// text is the part of a file that says what the tip is remembered for.
func (k Key) text() string {
	return fmt.Sprintf("introduction %s\nsigner %s\nauthorizations %s\nremote %s\nbranch %s\n",
		k.Introduction.Commit, k.Introduction.Signer, k.Introduction.Format,
		strconv.QuoteToASCII(string(k.Remote)), strconv.QuoteToASCII(k.Branch))
}

func (k Key) fileName() string { return digest(k.text()) }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// format is the content of a file. It fails on what parse would not read.
func (t *Tip) format(r Remembered) ([]byte, error) {
	content := format(t.key, r)
	if _, _, err := parse(t.file.Path, content); err != nil || r.Tip.IsZero() {
		return nil, errors.New("introduction, tip or signer has not the form that a file can hold")
	}
	return []byte(content), nil
}

func format(k Key, r Remembered) string {
	signedBy := string(r.Signer)
	if signedBy == "" {
		signedBy = none
	}
	content := header + k.text() + fmt.Sprintf("tip %s\nverified %s\ntip-signer %s\ntip-signer-name %s\ntip-committed %s\n",
		r.Tip, formatTime(r.At), signedBy, strconv.QuoteToASCII(beginning(r.SignerName)), formatTime(r.CommitTime))
	return content + "sum " + digest(content) + "\n"
}

// beginning is s cut after maxName characters.
func beginning(s string) string {
	count := 0
	for i := range s {
		if count == maxName {
			return s[:i]
		}
		count++
	}
	return s
}

// formatTime writes seconds. RFC 3339 has four digits for the year, and a commit
// can claim any.
func formatTime(t time.Time) string {
	t = time.Unix(t.Unix(), 0).UTC()
	switch {
	case t.IsZero():
		return none
	case t.Year() < 0 || t.Year() > 9999:
		return "@" + strconv.FormatInt(t.Unix(), 10)
	}
	return t.Format(time.RFC3339)
}

func parseTime(s string) (time.Time, error) {
	if s == none {
		return time.Time{}, nil
	}
	if seconds, ok := strings.CutPrefix(s, "@"); ok {
		n, err := strconv.ParseInt(seconds, 10, 64)
		return time.Unix(n, 0).UTC(), err
	}
	return time.Parse(time.RFC3339, s)
}

func odd(path, detail string) *private.OddError {
	return &private.OddError{Path: path, Detail: detail, Fix: "find out who or what changed it"}
}

// parse accepts only what format writes, in a file of the right name. The error
// is a *private.OddError.
func parse(path, content string) (Key, *Remembered, error) {
	body, ok := strings.CutPrefix(content, header)
	if !ok {
		if strings.HasPrefix(content, strings.TrimSuffix(header, "1\n")) {
			return Key{}, nil, &private.OddError{Path: path, Detail: "was written by another version of nix-authorize", Fix: "use that version"}
		}
		return Key{}, nil, odd(path, "holds no remembered tip")
	}
	l := &lines{rest: body}
	k := l.key()
	r := l.remembered()
	if l.err != nil || format(k, r) != content {
		return Key{}, nil, odd(path, "is incomplete or damaged")
	}
	if filepath.Base(path) != k.fileName() {
		return Key{}, nil, odd(path, "is for another introduction, remote or branch")
	}
	return k, &r, nil
}

// lines takes values from lines of the form "name value" and keeps the first
// error.
type lines struct {
	rest string
	err  error
}

// take gives the value of the next line to read.
func (l *lines) take(name string, read func(value string) error) {
	line, rest, _ := strings.Cut(l.rest, "\n")
	value, ok := strings.CutPrefix(line, name+" ")
	l.rest = rest
	switch {
	case l.err != nil:
	case !ok:
		l.err = fmt.Errorf("no %s", name)
	default:
		l.err = read(value)
	}
}

// into makes a reader that keeps the value.
func into[T any](to *T, read func(string) (T, error)) func(string) error {
	return func(value string) (err error) {
		*to, err = read(value)
		return err
	}
}

func (l *lines) key() Key {
	var k Key
	var remote string
	l.take("introduction", into(&k.Introduction.Commit, gitwalk.ParseID))
	l.take("signer", into(&k.Introduction.Signer, signer.ParseFingerprint))
	l.take("authorizations", into(&k.Introduction.Format, authz.ParseFormat))
	l.take("remote", into(&remote, strconv.Unquote))
	l.take("branch", into(&k.Branch, strconv.Unquote))
	k.Remote = remoteurl.URL(remote)
	return k
}

func (l *lines) remembered() Remembered {
	var r Remembered
	l.take("tip", into(&r.Tip, gitwalk.ParseID))
	l.take("verified", into(&r.At, parseTime))
	l.take("tip-signer", into(&r.Signer, func(value string) (signer.Fingerprint, error) {
		if value == none {
			return "", nil
		}
		return signer.ParseFingerprint(value)
	}))
	l.take("tip-signer-name", into(&r.SignerName, strconv.Unquote))
	l.take("tip-committed", into(&r.CommitTime, parseTime))
	return r
}
