package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// A Repository is a repository on disk. Its methods can be called from several
// goroutines; each Source belongs to one.
type Repository struct {
	ctx       context.Context
	gitDir    string // absolute; of a linked worktree, its own
	commonDir string // absolute; where objects, refs and config are
	git       gitcli.Repository
	layout    Layout
	config    Config // as it was when the repository was opened
	packs     *packSet
}

// Options of Open. The zero value ignores the environment.
type Options struct {
	// Getenv looks up GIT_DIR, GIT_COMMON_DIR, GIT_OBJECT_DIRECTORY,
	// GIT_ALTERNATE_OBJECT_DIRECTORIES and GIT_QUARANTINE_PATH, which git
	// sets for hooks. Nil finds nothing.
	Getenv func(string) string
}

func (o Options) getenv(name string) string {
	if o.Getenv == nil {
		return ""
	}
	return o.Getenv(name)
}

// Open finds the repository of dir as git does: GIT_DIR, or dir/.git, or dir
// itself if it is bare, or the same for the directories above.
//
// The context is for the life of the Repository: when it ends, Sources and
// other methods fail with its error and every git that they have started is
// killed.
//
// The error is a *NotARepositoryError, *UnsupportedLayoutError, *NeedGitError,
// *MalformedFileError or of the file system.
func Open(ctx context.Context, dir string, opt Options) (*Repository, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	gitDir, err := find(dir, opt.getenv("GIT_DIR"))
	if err != nil {
		return nil, err
	}
	r := &Repository{ctx: ctx, gitDir: gitDir, git: gitcli.Repository{
		GitDir:              gitDir,
		CommonDir:           opt.getenv("GIT_COMMON_DIR"),
		Dir:                 dir,
		ObjectDir:           opt.getenv("GIT_OBJECT_DIRECTORY"),
		AlternateObjectDirs: opt.getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES"),
		QuarantinePath:      opt.getenv("GIT_QUARANTINE_PATH"),
	}}
	if r.git.CommonDir != "" {
		r.commonDir = absolute(dir, r.git.CommonDir)
	} else if r.commonDir, err = commonDir(gitDir); err != nil {
		return nil, err
	}
	r.packs = newPackSet(filepath.Join(r.commonDir, "objects"))
	if r.config, err = r.Config(); err != nil {
		return nil, err
	}
	if r.layout, err = r.detect(); err != nil {
		return nil, err
	}
	return r, r.probe()
}

// GitDir is the directory of the repository, such as "/src/hello/.git". Of a
// linked worktree it is the worktree's own.
func (r *Repository) GitDir() string { return r.gitDir }

// CommonDir is the directory that has objects, branches and configuration. It is
// GitDir except in a linked worktree.
func (r *Repository) CommonDir() string { return r.commonDir }

// NewSource opens a Source of the repository's objects for one goroutine. See
// Layout for where it gets them.
func (r *Repository) NewSource() (gitwalk.Source, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if r.layout.NeedsGit() {
		source := newCatFile(r.ctx, r.git, r.PartialClone())
		source.work = &r.packs.work
		return source, nil
	}
	return newDiskSource(r.ctx, r.packs), nil
}

var _ gitwalk.Store = (*Repository)(nil)

// find returns the absolute path of the repository of dir.
func find(dir, explicit string) (string, error) {
	if explicit != "" {
		path := absolute(dir, explicit)
		gitDir, err := candidate(path)
		if gitDir == "" && err == nil {
			err = &NotARepositoryError{Dir: path, Detail: "it is what GIT_DIR says"}
		}
		return gitDir, err
	}
	for at := dir; ; at = filepath.Dir(at) {
		for _, path := range []string{filepath.Join(at, ".git"), at} {
			if gitDir, err := candidate(path); gitDir != "" || err != nil {
				return gitDir, err
			}
		}
		if at == filepath.Dir(at) {
			return "", &NotARepositoryError{Dir: dir}
		}
	}
}

// candidate returns path if it is a repository, or the repository that the file
// path names, or "". A file that names no repository is an error, as for git.
func candidate(path string) (string, error) {
	if isDir(path) {
		if !isGitDir(path) {
			return "", nil
		}
		return path, nil
	}
	if filepath.Base(path) != ".git" {
		return "", nil
	}
	content, err := readOptional(path, maxSmallFile)
	if content == nil || err != nil {
		return "", err
	}
	target, ok := bytes.CutPrefix(content, []byte("gitdir: "))
	name := strings.TrimRight(string(target), "\r\n")
	if !ok || name == "" || strings.ContainsAny(name, "\x00\n") {
		return "", &NotARepositoryError{Dir: path, Detail: `the file does not have the form "gitdir: DIRECTORY"`}
	}
	gitDir := absolute(filepath.Dir(path), name)
	if !isGitDir(gitDir) {
		return "", &NotARepositoryError{Dir: path, Detail: fmt.Sprintf("it names %s, which is no repository", gitDir)}
	}
	return gitDir, nil
}

// isGitDir says whether git would take the directory for a repository.
func isGitDir(dir string) bool {
	if !isHead(filepath.Join(dir, "HEAD")) {
		return false
	}
	common, err := commonDir(dir)
	return err == nil && isDir(filepath.Join(common, "objects")) && isDir(filepath.Join(common, "refs"))
}

// isHead says whether git would take the file for the HEAD of a repository
// (validate_headref in Git's path.c): it names an object or a ref. The name need
// not be valid. With reftable it never is, to keep older versions away.
func isHead(path string) bool {
	if link, err := os.Readlink(path); err == nil && strings.HasPrefix(link, "refs/") {
		return true
	}
	head, err := readFile(path, maxSmallFile)
	if err != nil {
		return false
	}
	if name, ok := bytes.CutPrefix(head, []byte("ref:")); ok {
		return bytes.HasPrefix(bytes.TrimLeft(name, " \t\r\n"), []byte("refs/"))
	}
	return len(head) >= 40 && isHex(string(head[:40]))
}

// commonDir reads the file "commondir" of a linked worktree.
func commonDir(gitDir string) (string, error) {
	content, err := readOptional(filepath.Join(gitDir, "commondir"), maxSmallFile)
	if err != nil {
		return "", err
	}
	if name := strings.TrimRight(string(content), "\r\n"); name != "" {
		return absolute(gitDir, name), nil
	}
	return gitDir, nil
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}
