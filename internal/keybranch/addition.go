package keybranch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/filename"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Key is a public key to be published.
type Key struct {
	// Holder is whose key it is, for the name of the file.
	Holder string
	// Fingerprint is that of the primary key.
	Fingerprint signer.Fingerprint
	// Content is an OpenPGP armor of this key alone.
	Content []byte
}

// An Addition is a commit that can be made.
type Addition struct {
	// Branch is the short name of the branch that gets the commit, and New says
	// that it will be a new one.
	Branch string
	New    bool
	// From is the branch of a remote that it continues, or empty.
	From string
	// File is the name of the file that is added or changed.
	File string
	// Signed says that the commit will be signed.
	Signed bool

	place   place
	content []byte
	message string
	entries []gitwalk.Entry
	git     gitcli.User
}

// Options say where keys are published.
type Options struct {
	// Dir is what relative names of directories start from.
	Dir string
	// Keyring is the branch that is configured, or empty for the default.
	Keyring string
	// Signed lets the commit be signed. Nobody needs it to be.
	Signed bool
}

// Plan says how a key would be published, and does not publish it yet. It is nil if
// the branch has the key already, with all that the content says. The error is a
// *DirectoryError if the keyring is no branch.
func Plan(ctx context.Context, repository *gitrepo.Repository, git gitcli.User, key Key, o Options) (*Addition, error) {
	p, err := find(ctx, repository, o.Dir, o.Keyring)
	if err != nil {
		return nil, err
	}
	shelf, err := readShelf(repository, p.base)
	if err != nil {
		return nil, err
	}
	file, content := shelf.fit(key)
	if file == "" {
		return nil, nil
	}
	if err := p.checkFree(ctx, repository, git); err != nil {
		return nil, err
	}
	a := &Addition{
		Branch: p.branch, New: p.base.IsZero(), File: file, Signed: o.Signed,
		place: p, content: content, message: fmt.Sprintf("Add the key of %s\n", key.Holder), entries: shelf.entries, git: git,
	}
	if remote, ok := strings.CutPrefix(p.from, "refs/remotes/"); ok {
		a.From = remote
	}
	return a, nil
}

// Make makes the commit and moves the branch to it, unless somebody else has moved
// it meanwhile.
func (a *Addition) Make(ctx context.Context) (gitwalk.ID, error) {
	blob, err := a.object(ctx, string(a.content), "hash-object", "-w", "--stdin")
	if err != nil {
		return blob, err
	}
	tree, err := a.object(ctx, a.listing(blob), "mktree", "-z")
	if err != nil {
		return tree, err
	}
	args := []string{"commit-tree", "--no-gpg-sign"}
	if a.Signed {
		args[1] = "--gpg-sign"
	}
	if !a.place.base.IsZero() {
		args = append(args, "-p", a.place.base.String())
	}
	commit, err := a.object(ctx, a.message, append(args, tree.String())...)
	if err != nil {
		return commit, err
	}
	reason := "nix-authorize: " + strings.TrimSpace(a.message)
	return commit, moved(a.git.Run(ctx, "update-ref", "-m", reason, "refs/heads/"+a.place.branch, commit.String(), a.place.old.String()))
}

// object runs a git that makes an object and says its id.
func (a *Addition) object(ctx context.Context, stdin string, args ...string) (gitwalk.ID, error) {
	out, err := a.git.Feed(ctx, stdin, args...)
	if err != nil {
		return gitwalk.ID{}, err
	}
	return gitwalk.ParseID(strings.TrimSpace(string(out)))
}

// listing is the new tree as "git mktree -z" reads it.
func (a *Addition) listing(blob gitwalk.ID) string {
	var b strings.Builder
	fmt.Fprintf(&b, "100644 blob %s\t%s\x00", blob, a.File)
	for _, e := range a.entries {
		if e.Name == a.File {
			continue
		}
		kind := "blob"
		switch e.Mode {
		case gitwalk.ModeTree:
			kind = "tree"
		case gitwalk.ModeGitlink:
			kind = "commit"
		}
		fmt.Fprintf(&b, "%06o %s %s\t%s\x00", uint32(e.Mode), kind, e.ID, e.Name)
	}
	return b.String()
}

// A shelf is what the branch has at the root of its tree.
type shelf struct {
	entries []gitwalk.Entry
	files   []keyring.File
}

// readShelf reads the root of a commit's tree; the zero commit has none.
func readShelf(repository *gitrepo.Repository, commit gitwalk.ID) (*shelf, error) {
	s := &shelf{}
	if commit.IsZero() {
		return s, nil
	}
	source, err := repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	return s, s.read(reader, commit)
}

func (s *shelf) read(reader *gitwalk.Reader, commit gitwalk.ID) error {
	raw, err := reader.Commit(commit)
	if err != nil {
		return err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return fmt.Errorf("commit %s of the keyring: %w", commit, err)
	}
	if raw, err = reader.Tree(links.Tree); err != nil {
		return err
	}
	tree, err := gitwalk.ParseTree(links.Tree, raw)
	if err != nil {
		return err
	}
	s.entries = slices.Collect(tree.Entries())
	for _, e := range s.entries {
		if !e.Mode.IsFile() || !keyring.IsKeyFile(e.Name) || len(s.files) >= keyring.MaxFiles {
			continue
		}
		content, err := reader.Blob(e.ID, keyring.MaxFile)
		if err != nil {
			continue // verify says what it skips
		}
		s.files = append(s.files, keyring.File{Name: e.Name, Content: content})
	}
	return nil
}

// fit says in which file a key belongs and with which content, or "" if all that it
// says is there already. What is published stays: it may be a revocation that
// whoever adds the key has not heard of.
func (s *shelf) fit(key Key) (file string, content []byte) {
	now := keyring.New(s.files)
	then := keyring.New(append(slices.Clone(s.files), keyring.File{Name: "\xff", Content: key.Content}))
	if sameKeys(now.Keys(), then.Keys()) {
		return "", nil
	}
	if known, ok := now.Lookup(key.Fingerprint); ok {
		for _, f := range s.files {
			if f.Name == known.File && strings.HasPrefix(string(f.Content), "-----BEGIN PGP ") {
				return f.Name, append(append(slices.Clone(f.Content), '\n'), key.Content...)
			}
		}
	}
	return s.freeName(key), key.Content
}

// sameKeys says whether two keyrings say the same of the same keys.
func sameKeys(a, b []keyring.Key) bool {
	return slices.EqualFunc(a, b, func(a, b keyring.Key) bool {
		return a.Fingerprint == b.Fingerprint && a.Expires.Equal(b.Expires) && a.Revoked == b.Revoked &&
			slices.Equal(a.Primaries, b.Primaries)
	})
}

func (s *shelf) freeName(key Key) string {
	name := filename.Of(key.Holder)
	for n := 1; s.taken(name + ".key"); n++ {
		name = filename.With(key.Holder, key.Fingerprint)
		if n > 1 {
			name += fmt.Sprintf("-%d", n)
		}
	}
	return name + ".key"
}

// taken says whether the name, in whatever case, is that of something else.
func (s *shelf) taken(name string) bool {
	return slices.ContainsFunc(s.entries, func(e gitwalk.Entry) bool { return strings.EqualFold(e.Name, name) })
}
