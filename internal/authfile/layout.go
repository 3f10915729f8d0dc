package authfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A layout is where the entries stand in the lines of a file. Its list of keys has
// one dash for each entry, each on a line of its own.
type layout struct {
	lines []string
	// spans has the lines of each entry, those with its comments included.
	spans []span
	// dash is the column of the dashes, and field that of the fields behind them,
	// as numbers of spaces.
	dash, field int
}

// A span is a range of lines, from first to before end.
type span struct{ first, end int }

// newLayout finds the entries of a file that package authz has read. The error says
// what of its layout is not understood.
func newLayout(content []byte) (*layout, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	root := document.Content[0]
	keys, next := keysOf(root)
	if root.Style&yaml.FlowStyle != 0 || keys.Style&yaml.FlowStyle != 0 {
		return nil, errors.New("the list of keys stands between brackets")
	}
	l := &layout{lines: strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")}
	l.dash = keys.Column - 1
	l.field = max(keys.Content[0].Column-1, l.dash+2)
	return l, l.findSpans(keys, next)
}

// keysOf is the list of keys and the line, counted from zero, of the field behind
// it, or -1 if it is the last.
func keysOf(root *yaml.Node) (keys *yaml.Node, next int) {
	next = -1
	for i := 0; i < len(root.Content); i += 2 {
		switch {
		case root.Content[i].Value == "keys":
			keys = root.Content[i+1]
		case keys != nil && next < 0:
			next = root.Content[i].Line - 1
		}
	}
	return keys, next
}

func (l *layout) findSpans(keys *yaml.Node, next int) error {
	end := l.listEnd(keys.Content[len(keys.Content)-1].Line, next)
	var dashes []int
	for at := keys.Line - 1; at < end; at++ {
		if l.isDash(at) {
			dashes = append(dashes, at)
		}
	}
	if len(dashes) != len(keys.Content) {
		return fmt.Errorf("%d dashes for %d keys", len(dashes), len(keys.Content))
	}
	for i, at := range dashes {
		after := end
		if i+1 < len(dashes) {
			after = dashes[i+1]
		}
		l.spans = append(l.spans, span{l.withCommentsAbove(at), l.codeEnd(at, after)})
	}
	return nil
}

// listEnd is the line before which the list ends: that of the field next to it, of a
// mark of the end of the document, or the end of the file.
func (l *layout) listEnd(from, next int) int {
	for at := from; at < len(l.lines); at++ {
		if at == next || strings.HasPrefix(l.lines[at], "...") || strings.HasPrefix(l.lines[at], "---") {
			return at
		}
	}
	return len(l.lines)
}

// isDash says whether an entry begins on a line.
func (l *layout) isDash(at int) bool {
	rest := strings.TrimLeft(l.lines[at], " ")
	return len(l.lines[at])-len(rest) == l.dash && (rest == "-" || strings.HasPrefix(rest, "- "))
}

// withCommentsAbove is the first of the comment lines directly above an entry, or
// its own line.
func (l *layout) withCommentsAbove(at int) int {
	for at > 0 && isComment(l.lines[at-1]) && indentOf(l.lines[at-1]) == l.dash {
		at--
	}
	return at
}

// codeEnd is behind the last line of an entry that starts on a line: the last one
// that is neither empty nor a comment, or the last of the comments below it that are
// indented further than the dashes are.
func (l *layout) codeEnd(from, end int) int {
	last := from
	for at := from; at < end; at++ {
		if line := l.lines[at]; strings.TrimSpace(line) != "" && !isComment(line) {
			last = at
		}
	}
	for last+1 < end && isComment(l.lines[last+1]) && indentOf(l.lines[last+1]) > l.dash {
		last++
	}
	return last + 1
}

func isComment(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "#") }

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// with is the file with more lines behind the last entry. They are set apart by an
// empty line where the entries are.
func (l *layout) with(lines []string) []byte {
	end := l.spans[len(l.spans)-1].end
	if l.airy() {
		lines = append([]string{""}, lines...)
	}
	return joined(slices.Concat(l.lines[:end], lines, l.lines[end:]))
}

// airy says whether there is an empty line between any two entries.
func (l *layout) airy() bool {
	for i, s := range l.spans[1:] {
		if gap := l.lines[l.spans[i].end:s.first]; !slices.Contains(gap, "") {
			return false
		}
	}
	return len(l.spans) > 1
}

// without is the file without an entry, and without the empty line that set it
// apart.
func (l *layout) without(i int) []byte {
	s := l.spans[i]
	blank := func(at int) bool { return at < 0 || at >= len(l.lines) || strings.TrimSpace(l.lines[at]) == "" }
	switch {
	case s.first > 0 && blank(s.first-1) && blank(s.end):
		s.first--
	case s.end < len(l.lines) && blank(s.end) && i == 0:
		s.end++
	}
	return joined(slices.Concat(l.lines[:s.first], l.lines[s.end:]))
}

func joined(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }
