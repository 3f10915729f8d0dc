package introductions

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A SyntaxError is why a file is not a list of introductions: the first thing
// found wrong and what should be there instead.
type SyntaxError struct {
	Path string
	// Line and Column are counted from 1, the column in characters. They are
	// zero for what the YAML library refuses, which knows its place only roughly.
	Line, Column int
	// Detail and Expected have text of the file quoted and shortened.
	Detail, Expected string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s; expected %s", e.Path, e.Detail, e.Expected)
	}
	return fmt.Sprintf("%s: line %d, column %d: %s; expected %s", e.Path, e.Line, e.Column, e.Detail, e.Expected)
}

// A document is a file taken apart so that it can be read and edited. What of
// YAML it can contain is a mapping of mappings, with each name and each field on
// a line of its own that says all there is to it; so it has no place for anchors,
// tags, escapes, or values that end elsewhere than they seem to.
type document struct {
	path    string
	lines   []string // without line feeds
	located []located
}

// A located entry is one with the places of its fields.
type located struct {
	Entry
	fields map[string]place
}

// A place is the line of a field, counted from 0, around the text of its value.
type place struct {
	line          int
	before, after string
}

func (d *document) entries() []Entry {
	entries := make([]Entry, len(d.located))
	for i, l := range d.located {
		entries[i] = l.Entry
	}
	return entries
}

// parse reads the content of a file. The error is a *SyntaxError.
func parse(path string, content []byte) (*document, error) {
	d := &document{path: path}
	if err := d.checkText(content); err != nil {
		return nil, err
	}
	d.lines = strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	root, err := d.decode(content)
	if err == nil && root != nil {
		err = d.readEntries(root)
	}
	if err == nil {
		err = d.checkLines()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (d *document) errorAt(node *yaml.Node, detail, expected string) error {
	return &SyntaxError{d.path, node.Line, node.Column, detail, expected}
}

// checkText refuses what a person cannot see, wherever it stands.
func (d *document) checkText(content []byte) error {
	line, column := 1, 1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		switch {
		case r == utf8.RuneError && size == 1:
			return &SyntaxError{d.path, line, column, fmt.Sprintf("byte 0x%02X is not valid UTF-8", content[0]), "UTF-8 text"}
		case r == '\n':
			line, column = line+1, 0
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 || r == 0xFEFF:
			return &SyntaxError{d.path, line, column, fmt.Sprintf("the invisible character %U", r), "text with spaces and line feeds, without other control characters"}
		}
		content, column = content[size:], column+1
	}
	return nil
}

// decode runs the YAML library, of which no panic escapes, and which reads no
// value into Go types. It returns nil if the file has nothing but comments.
func (d *document) decode(content []byte) (root *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			root, err = nil, d.notYAML("the YAML library failed on this file")
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, d.notYAML(err.Error())
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, d.errorAt(&second, "a second document", "one document")
	} else if !errors.Is(err, io.EOF) {
		return nil, d.notYAML(err.Error())
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) != 1 {
		return nil, d.notYAML("not one value")
	}
	if root = first.Content[0]; root.Kind == yaml.ScalarNode && root.Tag == "!!null" && root.Value == "" {
		return nil, nil
	}
	return root, nil
}

func (d *document) notYAML(detail string) error {
	detail = strings.Replace(strings.TrimPrefix(detail, "yaml: "), "line ", "near line ", 1)
	return &SyntaxError{Path: d.path, Detail: fmt.Sprintf("not YAML: %.200s", detail), Expected: "names, each followed by its fields"}
}
