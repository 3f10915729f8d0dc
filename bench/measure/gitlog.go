package measure

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// sample is how many commits git verifies.
const sample = 50

// gitLog measures what git takes for a commit when it has gpg verify it.
func (l *Lab) gitLog(ctx context.Context, s subject) (time.Duration, error) {
	home, err := os.MkdirTemp("", "bench") // the names of sockets are short
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(home)
	env := process.Environment(home)
	if err := importKeys(ctx, s, home, env); err != nil {
		return 0, err
	}
	args := []string{"git", "-C", s.dir, "log", "--format=%G?", "-n", fmt.Sprint(sample), s.tip}
	out, cost, err := process.Output(ctx, process.Command{Args: args, Env: env})
	if err != nil {
		return 0, err
	}
	verified := 0
	for _, letter := range strings.Fields(string(out)) {
		if strings.Contains("GUXYR", letter) { // good, whatever has become of the key
			verified++
		}
	}
	if verified < sample/2 {
		return 0, fmt.Errorf("git could verify only %d of %d signatures", verified, sample)
	}
	return cost.Wall / sample, nil
}

// importKeys gives gpg the keys of the keyring branch.
func importKeys(ctx context.Context, s subject, home string, env []string) error {
	if err := os.Mkdir(filepath.Join(home, "gnupg"), 0o700); err != nil {
		return err
	}
	archive, err := git(ctx, s.dir, "archive", "--format=tar", "keyring")
	if err != nil {
		return err
	}
	args := []string{"gpg", "--batch", "--quiet", "--import", "--"}
	for files := tar.NewReader(bytes.NewReader([]byte(archive))); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		name := filepath.Join(home, fmt.Sprintf("%d.key", len(args)))
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
		args = append(args, name)
	}
	_, err = process.Run(ctx, process.Command{Args: args, Env: env})
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		return nil // some of the keys are of a kind that this gpg does not know
	}
	return err
}
