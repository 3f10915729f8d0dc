package authz

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// loadYAML parses content, which passed checkText, and returns the value of its
// only document. What of YAML 1.2 is refused are the features by which a file
// says something else than it shows: directives, further documents, anchors,
// aliases, tags, merge keys, block scalars and values of several lines.
func loadYAML(content []byte) (*yaml.Node, error) {
	if !bytes.HasSuffix(content, []byte("\n")) { // the library places what is missing at the end on a line of its own
		content = append(bytes.Clone(content), '\n')
	}
	if err := refuseDirectives(content); err != nil {
		return nil, err
	}
	root, err := decodeYAML(content)
	if err != nil {
		return nil, err
	}
	if err := (&yamlChecker{content: content}).check(root); err != nil {
		return nil, err
	}
	return root, nil
}

// refuseDirectives looks for a "%" in the first column, where it begins a
// directive or, inside a value, stands in a value of several lines.
func refuseDirectives(content []byte) error {
	off := bytes.Index(content, []byte("\n%")) + 1
	if off > 0 || bytes.HasPrefix(content, []byte("%")) {
		return errorAt(content, off, "a YAML directive", `fields such as "version: 1"`)
	}
	return nil
}

// decodeYAML runs the YAML library, of which no panic escapes, and which reads
// no value into Go types: it would resolve aliases and convert numbers.
func decodeYAML(content []byte) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, errorAt(content, 0, "the YAML library failed on this file", "a simpler file")
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, errorAt(content, 0, "the file is empty", `"version: 1" and other fields`)
	} else if err != nil {
		return nil, yamlError(content, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, errorAtNode(&second, "a second document", "one document")
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(content, err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, errorAt(content, 0, "not one value", `"version: 1" and other fields`)
	}
	return document.Content[0], nil
}

// yamlError gives an error of the YAML library its position. The library tells
// the line alone, as text, and counts from zero in the errors of its parser;
// what it reports about a first line has no line.
func yamlError(content []byte, err error) error {
	detail := strings.TrimPrefix(err.Error(), "yaml: ")
	if name, ok := strings.CutPrefix(detail, "unknown anchor '"); ok {
		name = strings.TrimSuffix(name, "' referenced")
		off := max(0, bytes.Index(content, []byte("*"+name)))
		return errorAt(content, off, "an alias", "the value itself")
	}
	line := 1
	if number, rest, ok := strings.Cut(strings.TrimPrefix(detail, "line "), ": "); ok {
		if n, err := strconv.Atoi(number); err == nil {
			line, detail = n, rest
			if fromYAMLParser(detail) {
				line++
			}
		}
	}
	return errorAt(content, lineIndent(content, line), "not YAML: "+detail, "well-formed YAML")
}

// fromYAMLParser tells the errors of the library's parser, which counts lines
// from zero, from those of its scanner.
func fromYAMLParser(detail string) bool {
	for _, what := range []string{"<", "node content", "'-' indicator", "key", "',' or"} {
		if strings.HasPrefix(detail, "did not find expected "+what) {
			return true
		}
	}
	return detail == "found undefined tag handle"
}

// lineIndent is the offset of the first character on a line that is no space,
// or of the end of the content when it has fewer lines.
func lineIndent(content []byte, line int) int {
	off := 0
	for ; line > 1; line-- {
		end := bytes.IndexByte(content[off:], '\n')
		if end < 0 {
			return len(content)
		}
		off += end + 1
	}
	for off < len(content) && content[off] == ' ' {
		off++
	}
	return off
}

// A yamlChecker visits nodes in the order of the file and compares each with
// the text it was read from: the library does not report everything that it
// read, such as the tag "!" or where a value ends.
type yamlChecker struct {
	content   []byte
	off       int // the place reached
	line, col int // the same, counted from zero
}

func (c *yamlChecker) check(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		return errorAtNode(node, "an alias", "the value itself")
	}
	if node.Anchor != "" {
		return errorAtNode(node, "an anchor", "the value alone")
	}
	if !c.seek(node.Line-1, node.Column-1) {
		return errorAtNode(node, "a value in a place that cannot be determined", "a simpler way to write it")
	}
	if node.Style&yaml.TaggedStyle != 0 || c.rest("!") {
		return errorAtNode(node, "a tag", "the value alone")
	}
	if c.rest("&") {
		return errorAtNode(node, "an anchor", "the value alone")
	}
	if node.Kind == yaml.ScalarNode {
		return c.checkScalar(node)
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && child.Tag == "!!merge" {
			return errorAtNode(child, "a merge key", "fields written out")
		}
		if err := c.check(child); err != nil {
			return err
		}
	}
	return nil
}

func (c *yamlChecker) checkScalar(node *yaml.Node) error {
	if node.Style == 0 && strings.HasSuffix(node.Value, ":") { // "[a:]" is a text to some readers, a mapping to others
		return errorAtNode(node, "a value that ends with a colon", "the value in quotes")
	}
	oneLine := false
	switch node.Style {
	case 0:
		oneLine = c.rest(node.Value)
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
		oneLine = c.quotedOnOneLine()
	}
	if !oneLine {
		return errorAtNode(node, "a value of several lines", "a value on one line")
	}
	return nil
}

// rest says whether what comes next is s.
func (c *yamlChecker) rest(s string) bool {
	return bytes.HasPrefix(c.content[c.off:], []byte(s))
}

// quotedOnOneLine says whether the quoted value that begins here ends on the
// same line.
func (c *yamlChecker) quotedOnOneLine() bool {
	if !c.rest(`"`) && !c.rest("'") {
		return false
	}
	quote := c.content[c.off]
	for i := c.off + 1; i < len(c.content) && c.content[i] != '\n'; i++ {
		switch {
		case c.content[i] == '\\' && quote == '"':
			i++
			if i < len(c.content) && c.content[i] == '\n' {
				return false
			}
		case c.content[i] == quote && quote == '\'' && i+1 < len(c.content) && c.content[i+1] == quote:
			i++
		case c.content[i] == quote:
			return true
		}
	}
	return false
}

// seek moves to a place at or behind the one reached, so that all nodes of a
// file together cost one pass over it.
func (c *yamlChecker) seek(line, col int) bool {
	for c.line < line {
		end := bytes.IndexByte(c.content[c.off:], '\n')
		if end < 0 {
			return false
		}
		c.off, c.line, c.col = c.off+end+1, c.line+1, 0
	}
	if c.line != line || c.col > col {
		return false
	}
	for ; c.col < col; c.col++ {
		if c.off >= len(c.content) || c.content[c.off] == '\n' {
			return false
		}
		_, size := utf8.DecodeRune(c.content[c.off:])
		c.off += size
	}
	return true
}

func errorAtNode(node *yaml.Node, detail, expected string) error {
	return &SyntaxError{Line: max(1, node.Line), Column: max(1, node.Column), Detail: detail, Expected: expected}
}

// oneOf lists the names that are possible.
func oneOf(names []string) string {
	return fmt.Sprintf("one of %s", strings.Join(names, ", "))
}
