package introductions

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// with is the file with an entry: in the place of the one of its name, or at the
// end.
func (d *document) with(e Entry) ([]byte, error) {
	for _, l := range d.located {
		if l.Name == e.Name {
			return d.edited(l, e)
		}
	}
	lines := slices.Clone(d.lines)
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, e.Name+":")
	for _, f := range fields {
		if text := f.text(&e); text != "" {
			line, err := fieldLine("  ", f, text)
			if err != nil {
				return nil, err
			}
			lines = append(lines, line)
		}
	}
	return joined(lines), nil
}

func joined(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

// edited changes the fields of an entry that differ and leaves everything else,
// comments above all.
func (d *document) edited(l located, e Entry) ([]byte, error) {
	places := slices.Collect(maps.Values(l.fields))
	last := slices.MaxFunc(places, func(a, b place) int { return a.line - b.line }).line
	line := d.lines[last]
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]

	lines := slices.Clone(d.lines)
	var added []string
	removed := map[int]bool{}
	for _, f := range fields {
		at, present := l.fields[f.name]
		text := f.text(&e)
		switch {
		case text == f.text(&l.Entry):
		case !present:
			line, err := fieldLine(indent, f, text)
			if err != nil {
				return nil, err
			}
			added = append(added, line)
		case text == "" && strings.TrimSpace(at.after) == "":
			removed[at.line] = true
		case text == "":
			lines[at.line] = indent + strings.TrimLeft(at.after, " ")
		default:
			value, err := quoted(text)
			if err != nil {
				return nil, err
			}
			lines[at.line] = at.before + value + at.after
		}
	}
	var out []string
	for i, line := range lines {
		if !removed[i] {
			out = append(out, line)
		}
		if i == last {
			out = append(out, added...)
		}
	}
	return joined(out), nil
}

func fieldLine(indent string, f field, text string) (string, error) {
	value, err := quoted(text)
	return indent + f.name + ": " + value, err
}

// quoted is a text as YAML reads it back: as it is if that is certain, and else
// in quotes.
func quoted(text string) (string, error) {
	switch {
	case isPlain(text):
		return text, nil
	case !strings.Contains(text, "'"):
		return "'" + text + "'", nil
	case !strings.ContainsAny(text, `"\`):
		return `"` + text + `"`, nil
	}
	return "", fmt.Errorf("%q has both kinds of quotes, which no file can hold", text)
}

// isPlain says whether a text needs no quotes, by a narrower rule than YAML's.
func isPlain(text string) bool {
	first := text[0]
	if first != '/' && first != '.' && !isAlphanumeric(rune(first)) || strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune(" ._/:@+=,~%&?-", r)
	})
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
