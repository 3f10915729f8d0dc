package measure

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/nix-authorize/nix-authorize/bench/history"
	"github.com/nix-authorize/nix-authorize/bench/process"
)

// copied makes a copy of a home directory. Nobody else may read what is in it, or the
// program would not believe it.
func (l *Lab) copied(home string) (string, error) {
	other, err := l.home()
	if err != nil {
		return "", err
	}
	return other, filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(other, strings.TrimPrefix(path, home))
		if entry.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
}

var inPack = regexp.MustCompile(`(?m)^in-pack: (\d+)$`)

// objects is how many objects are in the packs of a history.
func objects(ctx context.Context, s subject) (int, error) {
	out, err := git(ctx, s.dir, "count-objects", "-v")
	if err != nil {
		return 0, err
	}
	found := inPack.FindStringSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("git count-objects says %q", out)
	}
	return strconv.Atoi(found[1])
}

// git runs git and returns what it says.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, _, err := process.Output(ctx, process.Command{Args: append([]string{"git", "-C", dir}, args...), Env: process.Environment(dir)})
	return string(out), err
}

// linked makes a bare repository with the first so many commits of a generated history.
// Its packs are links to those in the cache.
func (l *Lab) linked(ctx context.Context, s subject, commits int) (string, error) {
	dir, err := os.MkdirTemp(l.work, "linked")
	if err != nil {
		return "", err
	}
	if _, err := git(ctx, dir, "init", "-q", "--bare", "--initial-branch=main", "."); err != nil {
		return "", err
	}
	for _, pack := range s.record.Packs {
		if pack.Commits > commits {
			break
		}
		if err := link(s.dir, dir, pack); err != nil {
			return "", err
		}
	}
	keyring, err := git(ctx, s.dir, "rev-parse", "keyring")
	if err != nil {
		return "", err
	}
	_, err = git(ctx, dir, "update-ref", "refs/heads/keyring", keyring[:40])
	return dir, err
}

func link(from, to string, pack history.Pack) error {
	for _, ending := range []string{".pack", ".idx"} {
		name := filepath.Join("objects", "pack", pack.Name+ending)
		if err := os.Link(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}
