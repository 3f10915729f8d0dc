// Package state remembers the last authentic tip of each branch of each remote,
// outside of any repository, so that a remote cannot lead back to an older one.
//
// A file holds one tip. Its name is a hash over what the tip is remembered for,
// which the file repeats, so that no file can stand for another:
//
//	nix-authorize remembered tip 1
//	introduction 9edb3f66fd807b096b48283debdcddccfea34bad
//	signer BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA
//	authorizations .guix-authorizations
//	remote "https://git.guix.gnu.org/guix"
//	branch "master"
//	tip 2f1fc2c1b0ea4a6c1ea7ff6d5c52b6f1bbd2f2b4
//	verified 2026-01-02T03:04:05Z
//	tip-signer 3CE464558A84FDC69DB40CFB090B11993D9AEBB5
//	tip-signer-name "civodul"
//	tip-committed 2026-01-01T22:10:00Z
//	sum a9c4…
//
// Unlike a cache it cannot be lost without harm: where a file is there and cannot
// be believed, that is an error, and only the user makes it go away.
package state

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/private"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Key is what a tip is remembered for.
type Key struct {
	Introduction authz.Introduction
	Remote       remoteurl.URL
	Branch       string // its name in the remote, without "refs/heads/"
}

// Remembered is an authentic tip and what was known when it was judged.
type Remembered struct {
	Tip gitwalk.ID
	// At is when it was found authentic.
	At time.Time
	// Signer is the key that signed the tip, empty if no verified key did: the
	// tip is a vouched merge.
	Signer signer.Fingerprint
	// SignerName is what the authorizations call the key. It can be any text:
	// escape it before it is shown. No more than its first 200 characters are
	// remembered.
	SignerName string
	// CommitTime is the committer date of the tip, which is its signer's own
	// claim.
	CommitTime time.Time
}

// A Tip is the file for one Key.
type Tip struct {
	key  Key
	file private.File
}

const (
	folder  = "tips"   // below the folder for all state
	maxFile = 16 << 10 // bytes
	maxName = 200      // characters
	// patience is how long another process may take to replace a file.
	patience = 5 * time.Second
)

// Dir is the folder for state by the XDG base directory specification, and false
// if the environment does not tell where the user's files are.
func Dir(getenv func(string) string) (string, bool) {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "nix-authorize"), true
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "nix-authorize"), true
	}
	return "", false
}

// Open names the file for key below dir. It touches no file.
func Open(dir string, key Key) *Tip {
	key.Branch = strings.TrimPrefix(key.Branch, "refs/heads/")
	return open(filepath.Join(dir, folder, key.fileName()), key)
}

func open(path string, key Key) *Tip {
	return &Tip{key: key, file: private.File{Path: path, Limit: maxFile, Wait: patience}}
}

// Key is what the tip is remembered for.
func (t *Tip) Key() Key { return t.key }

// Path is the file, which need not exist.
func (t *Tip) Path() string { return t.file.Path }

// Load returns what is remembered, nil if nothing is. The error has a class and a
// hint: it is a *private.OddError if there is a file that cannot be believed, and
// otherwise one of the file system.
func (t *Tip) Load() (*Remembered, error) {
	remembered, err := t.parsed(t.file.Read())
	if err != nil {
		return nil, classify("the remembered tip cannot be read", err)
	}
	return remembered, nil
}

// parsed makes a tip of what was read of its file.
func (t *Tip) parsed(content []byte, err error) (*Remembered, error) {
	if errors.Is(err, fs.ErrNotExist) || err == nil && content == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, remembered, err := parse(t.file.Path, string(content))
	return remembered, err
}
