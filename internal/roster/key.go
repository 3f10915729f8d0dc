package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A foundKey is a public key that can be listed.
type foundKey struct {
	entry   authz.Entry // the key alone
	primary signer.Fingerprint
	armor   []byte // to be published, nil if that is not needed
}

// key finds the key that an addition names.
func (d Desk) key(ctx context.Context, a Addition) (foundKey, error) {
	switch {
	case a.SSH != "" && a.OpenPGP != "" || a.SSH == "" && a.OpenPGP == "":
		return foundKey{}, outcome.UsageError(errors.New("which key?"), "give one of --ssh and --openpgp; somebody with two keys gets two entries")
	case a.SSH != "":
		return d.sshKey(a.SSH)
	}
	if key, err := signer.ParseFingerprint(a.OpenPGP); err == nil && !key.IsSSH() {
		return d.openPGPKey(ctx, key)
	}
	return d.openPGPFile(a.OpenPGP)
}

// sshKey reads an SSH public key, as the text itself or from a file.
func (d Desk) sshKey(given string) (foundKey, error) {
	text := given
	if fields := strings.Fields(given); len(fields) < 2 || !strings.HasPrefix(fields[1], "AAAA") {
		content, err := d.read(given)
		if err != nil {
			return foundKey{}, notAKey(err, `--ssh takes a public key, "ssh-ed25519 AAAA…", or the name of its file`)
		}
		if strings.Contains(content, "PRIVATE KEY-----") {
			return foundKey{}, outcome.UsageError(fmt.Errorf("%s is a private key, which nobody else may have", given), "give the public one, in "+given+".pub")
		}
		text = content
	}
	lines := keyLines(text)
	if len(lines) != 1 {
		return foundKey{}, outcome.UsageError(fmt.Errorf("there are %d keys instead of one", len(lines)), "give the one that is meant as the text itself, in quotes")
	}
	fields := append(strings.Fields(lines[0]), "", "")
	public := fields[0] + " " + fields[1]
	ring := keyring.New([]keyring.File{{Name: "key", Content: []byte(public)}})
	for _, key := range ring.Keys() {
		return foundKey{entry: authz.Entry{Key: key.Fingerprint, SSHKey: public}}, nil
	}
	return foundKey{}, outcome.UsageError(fmt.Errorf("this SSH key cannot be used: %s", whySkipped(ring)), `a public key is "TYPE BASE64", such as in ~/.ssh/id_ed25519.pub, without options`)
}

// keyLines are the lines of an authorized_keys file that are not comments.
func keyLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// openPGPKey looks a fingerprint up in the user's gpg and in the keyring.
func (d Desk) openPGPKey(ctx context.Context, key signer.Fingerprint) (foundKey, error) {
	found := foundKey{entry: authz.Entry{Key: key}}
	armor, err := signing.Export(ctx, d.Git, key)
	if err != nil {
		return found, err
	}
	if armor == "" {
		return found, d.isPublished(key)
	}
	certificate, err := readCertificate([]byte(armor), true)
	if err != nil {
		return found, err
	}
	if listed, ok := certificate.ring.Lookup(key); !ok || listed.Usable != "" {
		return found, outcome.UsageError(fmt.Errorf("the key %s can sign nothing: %s", key, listed.Usable), "list the primary key, which stands for its signing subkeys, or a subkey that signs")
	}
	found.primary, found.armor = certificate.primary, []byte(armor)
	return found, nil
}

// isPublished makes sure that a key that gpg does not have is in the keyring.
func (d Desk) isPublished(key signer.Fingerprint) error {
	loaded, err := d.keyring()
	if err != nil {
		return err
	}
	if _, found := loaded.Lookup(key); found {
		return nil
	}
	return outcome.UsageError(fmt.Errorf("neither gpg nor the keyring has the key %s", key),
		fmt.Sprintf("ask its owner for the public key (gpg --armor --export %s) and give the file: --openpgp FILE", key))
}

// openPGPFile reads a file with one public key.
func (d Desk) openPGPFile(name string) (foundKey, error) {
	content, err := d.read(name)
	if err != nil {
		return foundKey{}, notAKey(err, "--openpgp takes the whole fingerprint, as \"gpg --fingerprint\" prints it, or the name of a file with the public key")
	}
	certificate, err := readCertificate([]byte(content), false)
	if err != nil {
		return foundKey{}, err
	}
	return foundKey{authz.Entry{Key: certificate.primary}, certificate.primary, []byte(content)}, nil
}

// A certificate is one primary key with what belongs to it.
type certificate struct {
	primary signer.Fingerprint
	ring    *keyring.Keyring
}

// readCertificate requires that a file has one key that can sign. Unless it is
// certainly public, nothing may be in it that cannot be read: it could be a secret.
func readCertificate(content []byte, public bool) (certificate, error) {
	ring := keyring.New([]keyring.File{{Name: "key", Content: content}})
	var primaries []signer.Fingerprint
	for _, key := range ring.Keys() {
		if !key.Fingerprint.IsSSH() && len(key.Primaries) == 0 && len(key.UserIDs) > 0 && key.Usable == "" {
			primaries = append(primaries, key.Fingerprint)
		}
	}
	const export = "gpg --armor --export FINGERPRINT >FILE"
	switch skipped := ring.Skipped(); {
	case len(skipped) > 0 && !public:
		return certificate{}, outcome.UsageError(fmt.Errorf("the file is not just one public key: %s", skipped[0].Detail), export)
	case len(primaries) == 0:
		return certificate{}, outcome.UsageError(errors.New("there is no OpenPGP key that can sign in the file"), export)
	case len(primaries) > 1:
		return certificate{}, outcome.UsageError(fmt.Errorf("there are %d keys in the file instead of one", len(primaries)), export)
	}
	return certificate{primaries[0], ring}, nil
}

// read reads a file of the user's.
func (d Desk) read(name string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(d.Dir, name)
	}
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, keyring.MaxFile+1))
	if err == nil && len(content) > keyring.MaxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, keyring.MaxFile)
	}
	return string(content), err
}

// notAKey says what is expected where there is no file.
func notAKey(err error, hint string) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return outcome.UsageError(fmt.Errorf("%s is neither a key nor a file that can be read: %w", path.Path, path.Err), hint)
	}
	return err
}

// whySkipped says why a key is not in the keyring that was made of it alone.
func whySkipped(ring *keyring.Keyring) string {
	for _, s := range ring.Skipped() {
		return s.Detail
	}
	return "it is not of a kind that is accepted"
}
