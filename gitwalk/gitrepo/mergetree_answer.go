package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// sides are two commits to merge.
type sides struct{ ours, theirs gitwalk.ID }

// A mergeAnswer is what git says of one merge.
type mergeAnswer struct {
	tree  gitwalk.ID
	clean bool // git calls the merge clean and tells of no conflict
}

// merge lets git merge both ways, ours with theirs and theirs with ours, and calls a
// merge clean if each is and both come to the same tree. It returns the answers
// before the first merge at which git has failed, if the error tells of that.
//
// For git itself can call a merge clean in which it has found a conflict: if one
// side renamed a file and the other has the very same file at the new name, beside
// the old one with changes of its own. Then it writes a file with conflict markers,
// takes a binary file from one side or drops the changes of the other (seen from
// 2.38 to 2.55). What was merged without a decision depends neither on which side
// comes first nor on the names of the commits, which are in the markers; and for
// binary files git tells of the conflict all the same.
func (s *scratch) merge(ctx context.Context, merges []sides, stdin bool) ([]mergeAnswer, error) {
	var ways []sides
	for _, m := range merges {
		ways = append(ways, m, sides{m.theirs, m.ours})
	}
	each, err := s.answers(ctx, ways, stdin)
	var answers []mergeAnswer
	for i := 0; i+1 < len(each); i += 2 {
		a, b := each[i], each[i+1]
		answers = append(answers, mergeAnswer{a.tree, a.clean && a == b})
	}
	return answers, err
}

// answers runs git merge-tree, once if it can read the merges from its standard
// input, which version 2.38 cannot.
func (s *scratch) answers(ctx context.Context, merges []sides, stdin bool) ([]mergeAnswer, error) {
	args := []string{"merge-tree", "--write-tree", "--messages", "--name-only", "-z"}
	run := s.oneByOne
	if stdin {
		run = s.together
	}
	out, failed := run(ctx, merges, args)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	answers, err := parseMergeAnswers(out, len(merges))
	if failed != nil {
		err = failed
	}
	if err != nil {
		err = &gitwalk.CannotMergeError{Err: err}
	}
	return answers, err
}

// together returns what git has written, also if it failed in the end.
func (s *scratch) together(ctx context.Context, merges []sides, args []string) ([]byte, error) {
	var lines strings.Builder
	for _, m := range merges {
		fmt.Fprintln(&lines, m.ours, m.theirs)
	}
	return s.git.Feed(ctx, lines.String(), append(args, "--stdin")...)
}

// oneByOne returns what git with --stdin would write: each answer between what the exit
// code says and one more NUL.
func (s *scratch) oneByOne(ctx context.Context, merges []sides, args []string) ([]byte, error) {
	var all []byte
	for _, m := range merges {
		out, clean, err := s.git.Answer(ctx, append(args[:len(args):len(args)], m.ours.String(), m.theirs.String())...)
		if err != nil {
			return all, err
		}
		all = append(all, map[bool]string{true: "1\x00", false: "0\x00"}[clean]...)
		all = append(append(all, out...), 0)
	}
	return all, nil
}

// parseMergeAnswers reads what git merge-tree --stdin --name-only --messages has
// written of n merges. It returns all whole answers, also with an error.
func parseMergeAnswers(out []byte, n int) ([]mergeAnswer, error) {
	f := answerFields{rest: out}
	var answers []mergeAnswer
	for range n {
		a, err := f.answer()
		if err != nil {
			return answers, fmt.Errorf("git merge-tree wrote %q: %w", out[:min(len(out), 100)], err)
		}
		answers = append(answers, a)
	}
	if len(f.rest) > 0 {
		return nil, fmt.Errorf("git merge-tree wrote more than %d answers", n)
	}
	return answers, nil
}

// answerFields are the fields of answers, each of which ends with NUL:
// git-merge-tree(1), "OUTPUT".
type answerFields struct {
	rest []byte
	cut  bool // a field was missing
}

func (f *answerFields) next() string {
	field, rest, ok := bytes.Cut(f.rest, []byte{0})
	if !ok {
		f.cut = true
		return ""
	}
	f.rest = rest
	return string(field)
}

// answer reads one answer: whether the merge is clean, the tree, the paths of
// conflicts, nothing, and messages.
func (f *answerFields) answer() (mergeAnswer, error) {
	state := f.next()
	tree, err := gitwalk.ParseID(f.next())
	if err != nil {
		return mergeAnswer{}, err
	}
	for path := "more"; path != ""; {
		path = f.next()
	}
	told := f.messages()
	switch {
	case f.cut:
		return mergeAnswer{}, fmt.Errorf("an answer is cut off")
	case state != "0" && state != "1":
		return mergeAnswer{}, fmt.Errorf("%q says neither that a merge is clean nor that it is not", state)
	}
	return mergeAnswer{tree, state == "1" && !told}, nil
}

// harmlessConflict is what git tells of also if one side put a directory in the
// place of a file that the other left alone. If the other changed the file, and a
// file is left, git does not call the merge clean.
const harmlessConflict = "CONFLICT (file/directory)"

// messages reads messages, each of which has a number of paths, these, its type and
// a text, to the empty field in the place of a number. It says whether git tells of
// a conflict. Advice about submodules stands in place of the empty field.
func (f *answerFields) messages() (conflict bool) {
	for {
		number := f.next()
		if number == "" {
			return conflict
		}
		paths, err := strconv.Atoi(number)
		if err != nil {
			return true
		}
		for i := 0; i < paths && !f.cut; i++ {
			f.next()
		}
		kind := f.next()
		f.next()
		if strings.HasPrefix(kind, "CONFLICT") && kind != harmlessConflict {
			conflict = true
		}
	}
}
