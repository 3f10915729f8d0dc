package report

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/pullrequest"
)

// The texts about a merge, for people. They can have hostile text in them: whoever
// shows them escapes them.

// headline says the verdict in a word and a sentence.
func (c Checked) headline() (word, text string) {
	switch {
	case c.Request.Kind == pullrequest.Nothing:
		return "authentic", "there is nothing to judge: the branch is gone"
	case c.Check == nil:
		return string(c.Report.Outcome()), reportText(c.Report)
	}
	m := c.Check
	switch m.Outcome() {
	case authz.Refused:
		if m.History.Outcome() != authz.Authentic {
			return "refused", "the history of the base is not authentic; nothing can be said about what is merged into it"
		}
		return "refused", refusedText(m)
	case authz.Unchecked:
		return string(authz.Unchecked), "the verdict depends on what is missing or cannot be read here"
	}
	switch m.Needs {
	case authz.NeedsNothing:
		return "authentic", "the base has this head already"
	case authz.NeedsMerge:
		return "ready", "vouched for by " + vouchedBy(m)
	case authz.NeedsFastForward:
		return "authentic", "every new commit is authorized; the branch can move to this head as it is (fast-forward)"
	}
	if m.Rule == authz.MergesStrict {
		return "authentic", "every new commit is authorized; what is left is a merge signed by " + anyOf(m.Mergers)
	}
	return "authentic", "it can be merged by a merge that is signed by " + anyOf(m.Mergers) + ", who then answers for all that it brings"
}

func reportText(r *authz.Report) string {
	switch r.Outcome() {
	case authz.Authentic:
		return "the commit and its history are authentic"
	case authz.Refused:
		return fmt.Sprintf("%s not authentic", plural(len(r.Refusals), "commit"))
	}
	return "the verdict depends on what is missing or cannot be read here"
}

func refusedText(m *authz.MergeCheck) string {
	if m.Rule == authz.MergesVouched {
		return "a merge of this head that nobody signs would not be authentic"
	}
	return "a merge of this head would not be authentic"
}

// vouchedBy names those whose signatures the merge rests on, and where they may
// change something.
func vouchedBy(m *authz.MergeCheck) string {
	var parts []string
	seen := make(map[string]bool)
	for _, voucher := range m.Verdict.Vouchers {
		text := voucher.Signer.Name
		if entry, ok := m.Authorizations.Match(&voucher.Signer.Identity); ok && len(entry.Paths) > 0 {
			text += " for " + strings.Join(entry.Paths, ", ")
		}
		if !seen[text] {
			seen[text] = true
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// maxNames is how many names a sentence has.
const maxNames = 8

// anyOf lists entries by name: "alice, bob or carol".
func anyOf(entries []authz.Entry) string {
	var list []string
	for i, e := range entries {
		if i == maxNames {
			list = append(list, fmt.Sprintf("%d others", len(entries)-i))
			break
		}
		name := e.Name
		if name == "" {
			name = string(e.Key)
		}
		list = append(list, name)
	}
	switch n := len(list); n {
	case 0:
		return "nobody"
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
}

// notes are what people should know beside the verdict.
func (c Checked) notes() []string {
	m := c.Check
	if m == nil || m.History.Outcome() != authz.Authentic || m.Relation == authz.HeadContained {
		return nil
	}
	notes := []string{buttonNote(m)}
	if m.Rule == authz.MergesVouched && m.Outcome() == authz.Refused && len(m.Mergers) > 0 && mendedBySigning(m) {
		notes = append(notes, "a merge signed by "+anyOf(m.Mergers)+" would be accepted all the same")
	}
	if m.Changes != nil && !m.Changes.Exact {
		notes = append(notes, "git has to merge: the changed paths are an upper bound of what the merge changes")
	}
	return append(notes, fileNotes(m)...)
}

// buttonNote says which buttons of a forge break the rule.
func buttonNote(m *authz.MergeCheck) string {
	switch m.Rule {
	case authz.MergesVouched:
		return "use a merge commit: squash and rebase make new commits that nobody has signed, and these would be refused"
	case authz.MergesSigned:
		return "do not use a forge's buttons: merges, squashes and rebases that it makes are not signed by somebody listed and would be refused, unless its own key is listed with the right to merge"
	}
	return "do not use a forge's buttons: what it makes by merge, squash or rebase are new commits, not signed by somebody listed, and would be refused, unless its own key is listed"
}

// mendedBySigning says whether what is wrong is only that nobody answers for the
// merge.
func mendedBySigning(m *authz.MergeCheck) bool {
	if m.Verdict == nil || m.Verdict.Refusal == nil || m.File != nil && m.File.Err != nil {
		return false
	}
	if m.File != nil && m.File.Approvers != nil && m.File.Approvers.Missing() > 1 {
		return false
	}
	switch m.Verdict.Refusal.Reason {
	case authz.NotVouched, authz.NotMechanical, authz.Unauthorized:
		return true
	}
	return false
}

func fileNotes(m *authz.MergeCheck) []string {
	f := m.File
	if f == nil {
		return nil
	}
	switch {
	case f.Err != nil:
		return []string{"the new authorizations file is no use: " + f.Err.Error()}
	case f.Contested:
		return []string{"base and head have both changed the authorizations file; whoever merges has to decide what it says"}
	case f.Approvers != nil && f.Approvers.Needed > 1:
		text := fmt.Sprintf("%d of %d needed keys agree to the change of the authorizations file", len(f.Approvers.Have), f.Approvers.Needed)
		if len(f.Approvers.Have) > 0 {
			text += ": " + strings.ReplaceAll(anyOf(f.Approvers.Have), " or ", " and ")
		}
		if f.Approvers.Missing() > 0 {
			text += "; still missing: " + anyOf(f.Could)
		}
		return []string{text}
	}
	return nil
}

// missing says for which paths nobody has vouched, and who could.
func missing(m *authz.MergeCheck) []string {
	if m.Changes == nil {
		return nil
	}
	var lines []string
	for _, group := range m.Changes.Uncovered {
		text := strings.Join(group.Paths, ", ")
		if group.Count > len(group.Paths) {
			text += fmt.Sprintf(" and %d more", group.Count-len(group.Paths))
		}
		lines = append(lines, text+": could be vouched for by "+anyOf(group.Could))
	}
	return lines
}

// name is how people call one of the two commits.
func (c Checked) name(revision string) string {
	return strings.TrimPrefix(strings.TrimPrefix(revision, "refs/remotes/"), "refs/heads/")
}
