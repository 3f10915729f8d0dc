package pullrequest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// maxPayload is how large an event may be in bytes; GitHub's own limit is 25 MB.
const maxPayload = 32 << 20

// payload is the part of an event that says what happened (GitHub Docs, "Webhook
// events and payloads").
type payload struct {
	Number      int `json:"number"`
	PullRequest struct {
		Base, Head commitOf
	} `json:"pull_request"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	After, Ref string
}

type commitOf struct{ SHA, Ref string }

// fromEvent reads the event that started a workflow: GITHUB_EVENT_NAME, and the
// payload in the file GITHUB_EVENT_PATH.
func fromEvent(getenv func(string) string) (*Request, error) {
	name := getenv("GITHUB_EVENT_NAME")
	switch name {
	case "":
		return nil, outcome.UsageError(errors.New("GITHUB_EVENT_NAME is not set"), "--github is for workflows on GitHub; name --base and --head elsewhere")
	case "pull_request_target", "workflow_run", "issue_comment":
		return nil, outcome.UsageError(fmt.Errorf("the event %s is refused", name),
			"it runs with the base's secrets on behalf of whoever opened the pull request; use the event pull_request, whose read-only token suffices")
	case "workflow_dispatch", "schedule":
		return commitRequest(name, getenv("GITHUB_SHA"), getenv("GITHUB_REF"))
	}
	event, err := readPayload(getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return nil, outcome.UsageError(err, "GITHUB_EVENT_PATH must name the file that GitHub has written")
	}
	switch name {
	case "pull_request", "pull_request_review":
		return event.merge(name)
	case "merge_group":
		return commitRequest(name, event.MergeGroup.HeadSHA, event.MergeGroup.BaseRef)
	case "push":
		if id, err := gitwalk.ParseID(event.After); err == nil && id.IsZero() {
			return &Request{Kind: Nothing, Origin: "the event push, which deletes a branch"}, nil
		}
		return commitRequest(name, event.After, event.Ref)
	}
	return nil, outcome.UsageError(fmt.Errorf("the event %.50q has nothing to judge", name),
		"use the events pull_request, merge_group and push, or give base and head")
}

func readPayload(path string) (*payload, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxPayload+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxPayload {
		return nil, fmt.Errorf("the event has more than %d bytes", maxPayload)
	}
	event := new(payload)
	if err := json.Unmarshal(content, event); err != nil {
		return nil, fmt.Errorf("the event cannot be read: %w", err)
	}
	return event, nil
}

func (p *payload) merge(event string) (*Request, error) {
	base, head := p.PullRequest.Base, p.PullRequest.Head
	if !isID(base.SHA) || !isID(head.SHA) {
		return nil, outcome.UsageError(fmt.Errorf("the event %s does not name base and head by their ids", event), "")
	}
	r := &Request{
		Kind: Merge, Base: strings.ToLower(base.SHA), Head: strings.ToLower(head.SHA),
		Number: max(p.Number, 0), Origin: "the event " + event,
	}
	if gitrepo.ValidBranch(base.Ref) {
		r.Branch = base.Ref
	}
	return r, nil
}

// commitRequest is for what has been merged already.
func commitRequest(event, sha, ref string) (*Request, error) {
	if !isID(sha) {
		return nil, outcome.UsageError(fmt.Errorf("the event %s does not name a commit by its id", event), "")
	}
	r := &Request{Kind: Commit, Head: strings.ToLower(sha), Origin: "the event " + event}
	if branch, ok := cutBranch(ref); ok && gitrepo.ValidBranch(branch) {
		r.Branch = branch
	}
	return r, nil
}
