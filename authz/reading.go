package authz

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Limits on the approvals in one tree.
const (
	maxApprovals = 1000
	maxApproval  = 64 << 10 // bytes
)

// reading is the Evidence that is read from a repository. It is used by one
// goroutine.
type reading struct {
	ctx    context.Context
	reader *gitwalk.Reader
	keys   Checker
	merger gitwalk.Merger
	graph  *gitwalk.Graph
	asked  int // questions that the graph has answered
	// last is the side commit that was read last: the head of a branch is asked
	// for as such, and as the first of its chain.
	last     gitwalk.ID
	lastSide *SideCommit
}

// maxAsked is after how many questions a graph is given up, so that memory does not
// follow the history.
const maxAsked = 20_000

func newReading(ctx context.Context, reader *gitwalk.Reader, v *Verifier) *reading {
	return &reading{ctx: ctx, reader: reader, keys: v.Keys, merger: v.Merger, graph: gitwalk.NewGraph(reader)}
}

// next begins with another commit.
func (e *reading) next() {
	if e.asked > maxAsked {
		e.graph, e.asked = gitwalk.NewGraph(e.reader), 0
	}
}

// Changes implements Evidence.
func (e *reading) Changes(a, b gitwalk.ID) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var trees [2]gitwalk.ID
		for i, commit := range []gitwalk.ID{a, b} {
			if commit.IsZero() {
				continue
			}
			tree, err := e.graph.Tree(commit)
			if err != nil {
				yield("", err)
				return
			}
			trees[i] = tree
		}
		for change, err := range gitwalk.Diff(e.reader, trees[0], trees[1]) {
			if err == nil {
				err = e.ctx.Err()
			}
			if !yield(change.Path, err) || err != nil {
				return
			}
		}
	}
}

// Mechanical implements Evidence.
func (e *reading) Mechanical(merge gitwalk.ID) (gitwalk.Mechanics, error) {
	e.asked++
	raw, err := e.reader.Commit(merge)
	if err != nil {
		return gitwalk.Mechanics{}, err
	}
	commit, err := gitwalk.ParseCommit(merge, raw)
	if err != nil {
		return gitwalk.Mechanics{}, err
	}
	m, ok := gitwalk.MergeOf(commit)
	if !ok {
		return gitwalk.Mechanics{}, fmt.Errorf("commit %s has not two parents", merge)
	}
	if e.merger == nil {
		return gitwalk.Mechanical(e.ctx, e.graph, m, noMerger{})
	}
	return gitwalk.Mechanical(e.ctx, e.graph, m, e.merger)
}

// noMerger is what decides where a caller has given no git.
type noMerger struct{}

func (noMerger) MergeTree(context.Context, *gitwalk.Graph, gitwalk.Merge) (gitwalk.ID, bool, error) {
	return gitwalk.ID{}, false, &gitwalk.CannotMergeError{Err: errNoEvidence}
}

// Side implements Evidence.
func (e *reading) Side(commit gitwalk.ID) (*SideCommit, error) {
	if e.lastSide != nil && e.last == commit {
		return e.lastSide, nil
	}
	side, err := e.side(commit)
	if err == nil {
		e.last, e.lastSide = commit, side
	}
	return side, err
}

func (e *reading) side(commit gitwalk.ID) (*SideCommit, error) {
	raw, err := e.reader.Commit(commit)
	if isMalformed(err) {
		return &SideCommit{Malformed: err}, nil
	}
	if err != nil {
		return nil, err
	}
	parsed, err := parseCommit(commit, raw)
	if err != nil {
		return &SideCommit{Malformed: err}, nil
	}
	side := &SideCommit{Parents: parsed.Parents}
	if parsed.Signature != nil {
		side.Signed = true
		side.Signature = e.keys.Check(parsed.Payload(), parsed.Signature)
	}
	return side, nil
}

// Approvals implements Evidence.
func (e *reading) Approvals(commit gitwalk.ID, message []byte) iter.Seq2[signer.Result, error] {
	return func(yield func(signer.Result, error) bool) {
		entries, err := e.approvalFiles(commit)
		if err != nil {
			yield(signer.Result{}, err)
			return
		}
		for _, entry := range entries {
			content, err := e.reader.Blob(entry.ID, maxApproval)
			if isMalformed(err) {
				continue // it approves nothing
			}
			if err != nil {
				yield(signer.Result{}, err)
				return
			}
			if !yield(e.keys.CheckDetached(message, content, ApprovalNamespace), nil) {
				return
			}
		}
	}
}

// approvalFiles are the regular files directly in ApprovalDir.
func (e *reading) approvalFiles(commit gitwalk.ID) ([]gitwalk.Entry, error) {
	id, err := e.graph.Tree(commit)
	if err != nil {
		return nil, err
	}
	var tree gitwalk.Tree
	for i, name := range append([]string{""}, strings.Split(ApprovalDir, "/")...) {
		if i > 0 {
			entry, ok := tree.Entry(name)
			if !ok || entry.Mode != gitwalk.ModeTree {
				return nil, nil
			}
			id = entry.ID
		}
		raw, err := e.reader.Tree(id)
		if err != nil {
			return nil, err
		}
		if tree, err = gitwalk.ParseTree(id, raw); err != nil {
			return nil, err
		}
	}
	var files []gitwalk.Entry
	for entry := range tree.Entries() {
		if len(files) == maxApprovals {
			return nil, &gitwalk.MalformedError{ID: id, Kind: gitwalk.KindTree, Detail: fmt.Sprintf("%s has more than %d files", ApprovalDir, maxApprovals)}
		}
		if entry.Mode.IsFile() {
			files = append(files, entry)
		}
	}
	return files, nil
}

// cancelled is why there is no verdict, if the reason is that the caller has given up.
func cancelled(v *Verdict) error {
	if v.Unchecked == nil {
		return nil
	}
	cause := v.Unchecked.Cause
	if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}
