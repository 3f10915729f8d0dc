package update

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// maxRounds is how often a remote is asked for what a partial clone left out: a
// round for each level of the keyring's directories, or one for the root trees of
// the history and one for the authorizations files in them.
const maxRounds = 20

// A backfill gets into a partial clone what a verdict needs and nothing else, many
// objects at a time.
type backfill struct {
	repository *gitrepo.Repository
	git        gitcli.User
	remote     string
	fetchArgs  []string
}

// keyring gets the key files in the trees of refs, and what says which file
// authorizes whom: the introduction's root tree.
func (b *backfill) keyring(ctx context.Context, introduction gitwalk.ID, refs ...string) error {
	return b.rounds(ctx, func(l *lack) error {
		for _, ref := range refs {
			tip, ok, err := b.repository.Ref(ref)
			if err != nil {
				return err
			}
			if ok {
				l.tree(tip, keyring.IsKeyFile, true)
			}
		}
		l.tree(introduction, isAuthorizations, false)
		return nil
	})
}

func isAuthorizations(name string) bool {
	_, err := authz.ParseFormat(name)
	return err == nil
}

// history gets the root trees and authorizations files of all commits that have to
// be judged for tip, those that are to be judged again among them.
func (b *backfill) history(ctx context.Context, v *verification.Verification, tip gitwalk.ID, again func(gitwalk.ID) bool) error {
	return b.rounds(ctx, func(l *lack) error {
		known := append(slices.DeleteFunc(v.Known(l.reader), again), v.Policy.Introduction.Commit)
		commits, err := gitwalk.Walk(ctx, l.reader, tip, known, gitwalk.Options{})
		if err != nil {
			return verification.Classify(b.repository, err)
		}
		name := v.Policy.Introduction.Format.FileName()
		isFile := func(n string) bool { return n == name }
		for id := range commits.Commits() {
			l.tree(id, isFile, false)
			for _, parent := range l.parents(id) {
				l.tree(parent, isFile, false)
			}
		}
		return nil
	})
}

// rounds asks find what is lacking and fetches it until nothing is.
func (b *backfill) rounds(ctx context.Context, find func(*lack) error) error {
	if !b.repository.PartialClone() {
		return nil
	}
	for range maxRounds {
		source, err := b.repository.NewSource()
		if err != nil {
			return err
		}
		l := &lack{reader: gitwalk.NewReader(source), seen: make(map[gitwalk.ID]bool)}
		err = errors.Join(find(l), l.reader.Close())
		ids := l.trees
		if len(ids) == 0 {
			ids = l.blobs
		}
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := b.fetch(ctx, ids, "--filter=tree:0"); err != nil {
			return err
		}
	}
	return outcome.UncheckedError(authz.MissingObject,
		fmt.Errorf("the remote did not give what is missing when it was asked %d times", maxRounds), verification.HintPartial)
}

// below gets objects of any kind, and all directories below them. Git leaves out a
// file that is asked for if it is also in a directory that is: then all the files
// come along.
func (b *backfill) below(ctx context.Context, ids []gitwalk.ID) error {
	err := b.fetch(ctx, ids, "--filter=blob:none")
	if _, failed := gitcli.Failed(err); failed {
		return b.fetch(ctx, ids, "--no-filter")
	}
	return err
}

// fetch asks for these objects and for what lies below them as far as it passes the
// filter. With one, they are to be of one kind.
func (b *backfill) fetch(ctx context.Context, ids []gitwalk.ID, filter string) error {
	var stdin strings.Builder
	for _, id := range ids {
		fmt.Fprintln(&stdin, id)
	}
	args := append([]string{
		"-c", "fetch.negotiationAlgorithm=noop", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "fetch", "--no-tags",
		"--no-write-fetch-head", "--no-recurse-submodules", "--refmap=", "--quiet", "--stdin", filter,
	}, b.fetchArgs...)
	if _, err := b.git.Feed(ctx, stdin.String(), append(args, "--end-of-options", b.remote)...); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return outcome.UncheckedError(authz.MissingObject, fmt.Errorf("fetching what the partial clone left out: %w", err), verification.HintPartial)
	}
	return nil
}

// A lack collects objects that are not there. What is bad in itself is passed over:
// whoever judges will say so.
type lack struct {
	reader       *gitwalk.Reader
	trees, blobs []gitwalk.ID
	seen         map[gitwalk.ID]bool
}

// tree looks at the tree of a commit: at entries whose names are wanted and, if it is
// to go deep, at the directories.
func (l *lack) tree(commit gitwalk.ID, wanted func(name string) bool, deep bool) {
	raw, err := l.reader.Commit(commit)
	if err != nil {
		return
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return
	}
	for trees := []gitwalk.ID{links.Tree}; len(trees) > 0; {
		id := trees[len(trees)-1]
		trees = trees[:len(trees)-1]
		if l.seen[id] {
			continue
		}
		l.seen[id] = true
		content, err := l.reader.Tree(id)
		if note(&l.trees, id, err) {
			continue
		}
		tree, err := gitwalk.ParseTree(id, content)
		if err != nil {
			continue
		}
		for entry := range tree.Entries() {
			switch {
			case entry.Mode == gitwalk.ModeTree && deep:
				trees = append(trees, entry.ID)
			case entry.Mode.IsFile() && wanted(entry.Name) && !l.seen[entry.ID]:
				l.seen[entry.ID] = true
				_, err := l.reader.Blob(entry.ID, keyring.MaxFile)
				note(&l.blobs, entry.ID, err)
			}
		}
	}
}

// note says whether an object cannot be read, and adds it to a list if it is missing.
func note(missing *[]gitwalk.ID, id gitwalk.ID, err error) bool {
	if errors.As(err, new(*gitwalk.MissingError)) {
		*missing = append(*missing, id)
	}
	return err != nil
}

func (l *lack) parents(commit gitwalk.ID) []gitwalk.ID {
	raw, err := l.reader.Commit(commit)
	if err != nil {
		return nil
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return nil
	}
	return links.Parents
}
