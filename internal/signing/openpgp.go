package signing

import (
	"context"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// openPGP signs with gpg and the key that it knows by this name.
type openPGP string

const hintGPG = `"echo test | gpg --clearsign" shows whether gpg can sign; if it cannot ask for the passphrase: export GPG_TTY=$(tty)`

func (name openPGP) sign(ctx context.Context, t tool, message []byte, _ string) ([]byte, error) {
	armor, err := t.run(ctx, message, "--detach-sign", "--armor", "--local-user", string(name))
	if isFailure(err) {
		return nil, outcome.UsageError(err, hintGPG)
	}
	return armor, err
}

func findOpenPGP(c configuration) (*Signer, error) {
	t, err := c.gpg()
	if err != nil {
		return nil, err
	}
	name, err := c.get("user.signingKey")
	if err != nil {
		return nil, err
	}
	if looksLikeSSH(name) {
		return nil, outcome.UsageError(fmt.Errorf("user.signingKey is %q, an SSH key, and git signs with OpenPGP", name), "to sign with SSH: git config gpg.format ssh")
	}
	if name == "" {
		if name, err = c.committer(); err != nil {
			return nil, err
		}
	}
	key, err := t.secretKey(c.ctx, name)
	if err != nil {
		return nil, err
	}
	public, err := t.export(c.ctx, key)
	if err != nil {
		return nil, err
	}
	return newSigner(public, key, t, openPGP(name))
}

func (c configuration) gpg() (tool, error) {
	return c.tool("gpg", "gpg.openpgp.program", "gpg.program")
}

// looksLikeSSH says whether a name of a key is one that SSH signing alone knows.
func looksLikeSSH(name string) bool {
	return isLiteral(name) || strings.HasSuffix(name, ".pub") || strings.Contains(name, "/")
}

// secretKey is the fingerprint of the one primary key that gpg would sign with, or
// of whose subkeys it would take one.
func (t tool) secretKey(ctx context.Context, name string) (signer.Fingerprint, error) {
	out, err := t.quietly().run(ctx, nil, "--batch", "--with-colons", "--list-secret-keys", "--", name)
	if err != nil && !isFailure(err) {
		return "", err
	}
	keys := secretKeys(string(out))
	switch len(keys) {
	case 0:
		return "", outcome.UsageError(fmt.Errorf("gpg has no secret key for %q, with which git would sign", name), hintConfigure)
	case 1:
		return keys[0], nil
	}
	return "", outcome.UsageError(fmt.Errorf("gpg has %d secret keys for %q, with which git would sign", len(keys), name),
		fmt.Sprintf("say which one, for example: git config user.signingKey %s", keys[0]))
}

// secretKeys reads the primary keys of a listing (doc/DETAILS of GnuPG). Those that
// have expired or are revoked count only if there is no other.
func secretKeys(listing string) []signer.Fingerprint {
	var good, ended []signer.Fingerprint
	validity, primary := "", false
	for line := range strings.Lines(listing) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if fields[0] == "sec" && len(fields) > 1 {
			validity, primary = fields[1], true
		}
		if fields[0] != "fpr" || len(fields) <= 9 || !primary {
			continue
		}
		primary = false // the next ones are those of subkeys
		key, err := signer.ParseFingerprint(fields[9])
		switch {
		case err != nil:
		case strings.ContainsAny(validity, "reid"): // revoked, expired, invalid, disabled
			ended = append(ended, key)
		default:
			good = append(good, key)
		}
	}
	if len(good) > 0 {
		return good
	}
	return ended
}

// export is the armored public key without what others have signed about it, empty
// if gpg does not have it.
func (t tool) export(ctx context.Context, key signer.Fingerprint) (string, error) {
	out, err := t.quietly().run(ctx, nil, "--batch", "--armor", "--export-options", "export-minimal", "--export", "--", string(key))
	if err != nil && !isFailure(err) {
		return "", err
	}
	return string(out), nil
}

// Export is the armored public key that has the fingerprint, or of which a subkey
// has it, from the gpg that the user's git signs with. It is empty if gpg does not
// have it.
func Export(ctx context.Context, git gitcli.User, key signer.Fingerprint) (string, error) {
	t, err := configuration{ctx, git}.gpg()
	if err != nil {
		return "", err
	}
	return t.export(ctx, key)
}
