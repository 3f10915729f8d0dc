package lint

import (
	"context"
	"errors"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// LookBack finds out who of the listed keys has signed one of so many commits from a
// tip backwards, the nearest first. It ends early where history does, or where the
// repository has no more of it.
func LookBack(ctx context.Context, reader *gitwalk.Reader, s *Subject, tip gitwalk.ID, commits int) error {
	if s.Authorizations == nil {
		return nil
	}
	r := &Recent{Signed: map[signer.Fingerprint]bool{}, Old: map[signer.Fingerprint]bool{}}
	oldest := tip
	seen, queue := map[gitwalk.ID]bool{tip: true}, []gitwalk.ID{tip}
	for len(queue) > 0 && r.Commits < commits {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := queue[0]
		queue = queue[1:]
		parents, err := r.see(reader, s, id)
		if errors.As(err, new(*gitwalk.MissingError)) {
			continue
		}
		if err != nil {
			return err
		}
		r.Commits++
		oldest = id
		for _, parent := range parents {
			if !seen[parent] {
				seen[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	s.Recent = r
	return r.readOld(reader, s.Format, oldest)
}

// see notes who signed a commit and returns its parents.
func (r *Recent) see(reader *gitwalk.Reader, s *Subject, id gitwalk.ID) ([]gitwalk.ID, error) {
	raw, err := reader.Commit(id)
	if err != nil {
		return nil, err
	}
	commit, err := gitwalk.ParseCommit(id, raw)
	if err != nil {
		links, err := gitwalk.ParseLinks(raw)
		if err != nil {
			return nil, nil // verify says what it is
		}
		return links.Parents, nil
	}
	if commit.Signature == nil {
		return commit.Parents, nil
	}
	if result := s.Keyring.Check(commit.Payload(), commit.Signature); result.Identity != nil {
		if entry, listed := s.Authorizations.Match(result.Identity); listed {
			r.Signed[entry.Key] = true
		}
	}
	return commit.Parents, nil
}

// readOld notes who is listed at a commit already.
func (r *Recent) readOld(reader *gitwalk.Reader, format authz.Format, commit gitwalk.ID) error {
	file, err := authz.FileAt(reader, format, commit)
	if errors.As(err, new(*gitwalk.MissingError)) {
		return nil // a partial clone need not have it
	}
	if err != nil || file.Authorizations == nil {
		return err
	}
	for _, e := range file.Authorizations.Entries() {
		r.Old[e.Key] = true
	}
	return nil
}
