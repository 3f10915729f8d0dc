package signing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// sshFile signs with the SSH key in this file, private or public. For a public one
// ssh-keygen asks the agent, or looks for the private one beside it.
type sshFile string

// sshLiteral signs with the key that has this public key, by the agent.
type sshLiteral string

const hintSSH = `"ssh-add -l" shows the keys that the agent has; a key in a file must be readable, and a token plugged in`

func (path sshFile) sign(ctx context.Context, t tool, message []byte, namespace string) ([]byte, error) {
	return inScratch(func(dir string) ([]byte, error) {
		return signSSH(ctx, t, dir, message, "-n", namespace, "-f", string(path))
	})
}

func (key sshLiteral) sign(ctx context.Context, t tool, message []byte, namespace string) ([]byte, error) {
	return inScratch(func(dir string) ([]byte, error) {
		path := filepath.Join(dir, "key")
		if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
			return nil, err
		}
		return signSSH(ctx, t, dir, message, "-n", namespace, "-f", path, "-U")
	})
}

// inScratch does something with a directory that is the user's alone.
func inScratch(do func(dir string) ([]byte, error)) ([]byte, error) {
	dir, err := os.MkdirTemp("", "nix-authorize-sign-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return do(dir)
}

// signSSH lets a file be signed, as git does: not every program that stands in for
// ssh-keygen reads its standard input.
func signSSH(ctx context.Context, t tool, dir string, message []byte, args ...string) ([]byte, error) {
	path := filepath.Join(dir, "message")
	if err := os.WriteFile(path, message, 0o600); err != nil {
		return nil, err
	}
	_, err := t.run(ctx, nil, append(append([]string{"-Y", "sign"}, args...), path)...)
	if isFailure(err) {
		return nil, outcome.UsageError(err, hintSSH)
	}
	if err != nil {
		return nil, err
	}
	return readKey(path + ".sig")
}

func findSSH(c configuration) (*Signer, error) {
	t, err := c.tool("ssh-keygen", "gpg.ssh.program")
	if err != nil {
		return nil, err
	}
	name, err := c.get("user.signingKey", "--type=path")
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, c.noSSHKey()
	}
	if isLiteral(name) {
		public, err := parsePublic(strings.TrimPrefix(name, "key::"))
		if err != nil {
			return nil, outcome.UsageError(fmt.Errorf("user.signingKey: %w", err), hintConfigure)
		}
		return newSSHSigner(public, t, sshLiteral(public))
	}
	path, err := c.file(name)
	if err != nil {
		return nil, err
	}
	public, err := publicKey(c.ctx, t, path)
	if err != nil {
		return nil, outcome.UsageError(fmt.Errorf("user.signingKey: %w", err), hintConfigure)
	}
	return newSSHSigner(public, t, sshFile(path))
}

func newSSHSigner(public string, t tool, m method) (*Signer, error) {
	ring := keyring.New([]keyring.File{{Name: "key", Content: []byte(public)}})
	for _, key := range ring.Keys() {
		return newSigner(public, key.Fingerprint, t, m)
	}
	return nil, outcome.UsageError(fmt.Errorf("the signing key cannot be used: %s", whySkipped(ring)), "sign with another key")
}

// noSSHKey says what to do where git has no signing key or finds one by a command,
// which is not run here: it could be anything.
func (c configuration) noSSHKey() error {
	command, err := c.get("gpg.ssh.defaultKeyCommand")
	if err != nil {
		return err
	}
	if command == "" {
		return outcome.UsageError(errNoKey, hintConfigure)
	}
	return outcome.UsageError(fmt.Errorf("git finds its signing key by gpg.ssh.defaultKeyCommand, %q, which is not run here", command),
		`say which key it is: git config user.signingKey "key::$(`+command+`)"`)
}

// isLiteral says whether git takes the name of a key for the public key itself.
func isLiteral(name string) bool {
	return strings.HasPrefix(name, "key::") || strings.HasPrefix(name, "ssh-")
}

// publicKey is the public key that belongs to a file: its content, that of the
// file of the same name with ".pub" behind it, or what ssh-keygen finds in it.
func publicKey(ctx context.Context, t tool, path string) (string, error) {
	content, err := readKey(path)
	if err != nil {
		return "", err
	}
	if public, err := parsePublic(string(content)); err == nil {
		return public, nil
	}
	content, err = readKey(path + ".pub")
	if errors.Is(err, fs.ErrNotExist) {
		content, err = t.standIn("ssh-keygen").run(ctx, nil, "-y", "-f", path)
	}
	if err != nil {
		return "", err
	}
	return parsePublic(string(content))
}

// parsePublic reads the line of a public key without its comment.
func parsePublic(text string) (string, error) {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.HasPrefix(fields[1], "AAAA") { // the length of the type, in base64
		return "", fmt.Errorf("%.60q is not an SSH public key", line)
	}
	return fields[0] + " " + fields[1], nil
}

// readKey reads a file that may be a key or a signature.
func readKey(path string) ([]byte, error) {
	const most = 64 << 10
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}
