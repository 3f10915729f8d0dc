package pullrequest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

var (
	baseID = strings.Repeat("a", 40)
	headID = strings.Repeat("b", 40)
	noID   = strings.Repeat("0", 40)
)

// event is the environment of a workflow with this event. Without a payload there is no
// file of it.
func event(t *testing.T, name, payload string) func(string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event.json")
	if payload != "" {
		if err := os.WriteFile(path, []byte(payload), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{
		"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": path,
		"GITHUB_SHA": headID, "GITHUB_REF": "refs/heads/nightly",
	}
	return func(name string) string { return env[name] }
}

func pullRequest(base, ref, head string) string {
	return fmt.Sprintf(`{"number": 7, "pull_request": {"base": {"sha": %q, "ref": %q}, "head": {"sha": %q, "ref": "evil"}}}`, base, ref, head)
}

func TestEvents(t *testing.T) {
	for _, test := range []struct {
		name, event, payload string
		want                 Request
	}{
		{"pull request", "pull_request", pullRequest(baseID, "main", headID),
			Request{Kind: Merge, Base: baseID, Head: headID, Branch: "main", Number: 7}},
		{"review", "pull_request_review", pullRequest(baseID, "a/b", headID),
			Request{Kind: Merge, Base: baseID, Head: headID, Branch: "a/b", Number: 7}},
		{"ids in capitals", "pull_request", pullRequest(strings.ToUpper(baseID), "main", strings.ToUpper(headID)),
			Request{Kind: Merge, Base: baseID, Head: headID, Branch: "main", Number: 7}},
		{"a branch that can be none", "pull_request", pullRequest(baseID, "--upload-pack=evil", headID),
			Request{Kind: Merge, Base: baseID, Head: headID, Number: 7}},
		{"a negative number", "pull_request", strings.Replace(pullRequest(baseID, "main", headID), "7", "-7", 1),
			Request{Kind: Merge, Base: baseID, Head: headID, Branch: "main"}},
		{"merge queue", "merge_group", fmt.Sprintf(`{"merge_group": {"head_sha": %q, "base_ref": "refs/heads/main"}}`, headID),
			Request{Kind: Commit, Head: headID, Branch: "main"}},
		{"push", "push", fmt.Sprintf(`{"after": %q, "ref": "refs/heads/main"}`, headID),
			Request{Kind: Commit, Head: headID, Branch: "main"}},
		{"push of a tag", "push", fmt.Sprintf(`{"after": %q, "ref": "refs/tags/main"}`, headID),
			Request{Kind: Commit, Head: headID}},
		{"a branch is gone", "push", fmt.Sprintf(`{"after": %q, "ref": "refs/heads/main"}`, noID),
			Request{Kind: Nothing}},
		{"by hand", "workflow_dispatch", "", Request{Kind: Commit, Head: headID, Branch: "nightly"}},
		{"by the clock", "schedule", "", Request{Kind: Commit, Head: headID, Branch: "nightly"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(nil, Source{GitHub: true, Getenv: event(t, test.event, test.payload)})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Origin, "the event "+test.event) {
				t.Errorf("it comes from %q", got.Origin)
			}
			if got.Origin = ""; *got != test.want {
				t.Errorf("%+v instead of %+v", *got, test.want)
			}
		})
	}
}

// TestBadEvents: what cannot be read, or is not safe, is a usage error, and is quoted.
func TestBadEvents(t *testing.T) {
	for _, test := range []struct{ name, event, payload, want string }{
		{"no event", "", "{}", "GITHUB_EVENT_NAME is not set"},
		{"with the secrets of the base", "pull_request_target", pullRequest(baseID, "main", headID), "pull_request_target is refused"},
		{"after another workflow", "workflow_run", "{}", "workflow_run is refused"},
		{"on a comment", "issue_comment", "{}", "issue_comment is refused"},
		{"of another kind", "star\x1b[31m", "{}", `the event "star\x1b[31m" has nothing to judge`},
		{"no file", "push", "", "no such file"},
		{"no JSON", "push", "after", "cannot be read"},
		{"another type", "push", `{"after": 5}`, "cannot be read"},
		{"no ids", "pull_request", "{}", "does not name base and head by their ids"},
		{"a name for the head", "pull_request", pullRequest(baseID, "main", "main"), "does not name base and head by their ids"},
		{"half an id for the base", "pull_request", pullRequest(baseID[:20], "main", headID), "does not name base and head by their ids"},
		{"an option for the head", "push", `{"after": "--upload-pack=evil", "ref": "refs/heads/main"}`, "does not name a commit by its id"},
		{"nothing in the queue", "merge_group", "{}", "does not name a commit by its id"},
		{"too large", "push", `{"after": "` + strings.Repeat("x", maxPayload) + `"}`, "has more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Find(nil, Source{GitHub: true, Getenv: event(t, test.event, test.payload)})
			if err == nil || outcome.From(err).Class != outcome.Usage || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// TestFlagsComeFirst: what the command line says goes before the event.
func TestFlagsComeFirst(t *testing.T) {
	merge := event(t, "pull_request", pullRequest(baseID, "main", headID))
	commit := event(t, "push", fmt.Sprintf(`{"after": %q, "ref": "refs/heads/main"}`, headID))
	for _, test := range []struct {
		name   string
		source Source
		want   Request
		err    string
	}{
		{"both", Source{Base: "x", Head: "y", GitHub: true}, Request{Kind: Merge, Base: "x", Head: "y"}, ""},
		{"both, elsewhere", Source{Base: "x", Head: "y"}, Request{Kind: Merge, Base: "x", Head: "y"}, ""},
		{"the base", Source{Base: "x", GitHub: true, Getenv: merge}, Request{Kind: Merge, Base: "x", Head: headID, Branch: "main", Number: 7}, ""},
		{"the head", Source{Head: "y", GitHub: true, Getenv: merge}, Request{Kind: Merge, Base: baseID, Head: "y", Branch: "main", Number: 7}, ""},
		{"the head of a push", Source{Head: "y", GitHub: true, Getenv: commit}, Request{Kind: Commit, Head: "y", Branch: "main"}, ""},
		{"the base of a push", Source{Base: "x", GitHub: true, Getenv: commit}, Request{}, "has no pull request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(nil, test.source)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Origin != "the command line" {
				t.Errorf("it comes from %q", got.Origin)
			}
			if got.Origin = ""; *got != test.want {
				t.Errorf("%+v instead of %+v", *got, test.want)
			}
		})
	}
}
