package introductions

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
)

const exampleOfName = `a line such as "guix:", with fields such as "  url: https://example.org/guix.git" below it`

// A target is what no two entries of a file are for.
type target struct {
	remote remoteurl.URL
	branch string
}

func (e *Entry) target() target { return target{e.Remote(), e.Branch} }

func (d *document) readEntries(root *yaml.Node) error {
	if root.Kind != yaml.MappingNode {
		return d.errorAt(root, "no name", exampleOfName)
	}
	names, targets := map[string]Entry{}, map[target]Entry{}
	for i := 0; i < len(root.Content); i += 2 {
		key := root.Content[i]
		l, err := d.readEntry(key, root.Content[i+1])
		if err != nil {
			return err
		}
		if other, taken := names[l.Name]; taken {
			return d.errorAt(key, fmt.Sprintf("the name %s is on line %d too", l.Name, other.Line), "each name once")
		}
		if other, taken := targets[l.target()]; taken {
			return d.errorAt(key, fmt.Sprintf("%s is for the same URL and branch as %s on line %d", l.Name, other.Name, other.Line), "one introduction for them")
		}
		names[l.Name], targets[l.target()] = l.Entry, l.Entry
		d.located = append(d.located, l)
	}
	return nil
}

func (d *document) readEntry(key, value *yaml.Node) (located, error) {
	l := located{Entry: Entry{Name: key.Value, File: d.path, Line: key.Line}, fields: map[string]place{}}
	if p := checkName(key.Value); p != nil {
		return l, d.errorAt(key, p.detail, p.expected)
	}
	if rest, ok := strings.CutPrefix(d.line(key), key.Value+":"); !ok || !blank(rest) {
		return l, d.errorAt(key, fmt.Sprintf("%s and something else on one line", key.Value), exampleOfName)
	}
	if value.Kind != yaml.MappingNode {
		return l, d.errorAt(key, key.Value+" has no fields", knownFields())
	}
	for i := 0; i < len(value.Content); i += 2 {
		if err := d.readField(&l, value.Content[i], value.Content[i+1]); err != nil {
			return l, err
		}
	}
	for _, f := range fields {
		if _, given := l.fields[f.name]; f.required && !given {
			return l, d.errorAt(key, fmt.Sprintf("%s has no %s", key.Value, f.name), "url, introduction and signer at least")
		}
	}
	return l, nil
}

func (d *document) readField(l *located, key, value *yaml.Node) error {
	f, ok := fieldNamed(key.Value)
	if !ok {
		return d.errorAt(key, fmt.Sprintf("unknown field %.60q", key.Value), knownFields())
	}
	if _, repeated := l.fields[f.name]; repeated {
		return d.errorAt(key, "repeated field "+f.name, "each field once")
	}
	at, ok := d.place(key, value)
	if !ok {
		return d.errorAt(key, f.name+" does not have its whole value, as it is, on the same line", fmt.Sprintf(`a line such as "  %s: VALUE"`, f.name))
	}
	if p := set(&l.Entry, f, value.Value); p != nil {
		return d.errorAt(value, p.detail, p.expected)
	}
	l.fields[f.name] = at
	return nil
}

// place finds the value of a field in its line, which is nothing but spaces, the
// field, a colon, spaces, the value, in quotes or not, and possibly a comment.
func (d *document) place(key, value *yaml.Node) (place, bool) {
	line := d.line(key)
	indent := len(line) - len(strings.TrimLeft(line, " "))
	rest, ok := strings.CutPrefix(line[indent:], key.Value+":")
	if !ok || value.Kind != yaml.ScalarNode {
		return place{}, false
	}
	rest = strings.TrimLeft(rest, " ")
	before := line[:len(line)-len(rest)]
	for _, quote := range []string{"", "'", `"`} {
		after, ok := strings.CutPrefix(rest, quote+value.Value+quote)
		if ok && blank(after) && (quote != "" || value.Style == 0) {
			return place{key.Line - 1, before, after}, true
		}
	}
	return place{}, false
}

// line is the line that a node begins on.
func (d *document) line(node *yaml.Node) string {
	if node.Line < 1 || node.Line > len(d.lines) {
		return ""
	}
	return d.lines[node.Line-1]
}

// blank says whether what is left of a line means nothing: spaces, and a comment
// after one.
func blank(rest string) bool {
	trimmed := strings.TrimLeft(rest, " ")
	return trimmed == "" || trimmed[0] == '#' && len(trimmed) < len(rest)
}

// checkLines makes sure that each line that means something has been read, but
// for the mark at the beginning of the document, of which there is only one.
func (d *document) checkLines() error {
	read := map[int]bool{}
	for _, l := range d.located {
		read[l.Line-1] = true
		for _, at := range l.fields {
			read[at.line] = true
		}
	}
	for i, line := range d.lines {
		if !read[i] && !blank(" "+line) && !isMark(line) {
			return &SyntaxError{d.path, i + 1, 1, fmt.Sprintf("%.60q is neither a name nor a field", line), exampleOfName}
		}
	}
	return nil
}

func isMark(line string) bool {
	after, ok := strings.CutPrefix(line, "---")
	return ok && blank(after)
}
