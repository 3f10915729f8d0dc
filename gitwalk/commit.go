package gitwalk

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode"
)

// A MalformedError says where the bytes of a commit or tree depart from the one
// canonical form.
type MalformedError struct {
	ID     ID
	Kind   Kind
	Line   int // of a commit, counted from 1; 0 for a tree or the whole object
	Detail string
}

func (e *MalformedError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s %s is malformed in line %d: %s", e.Kind, e.ID, e.Line, e.Detail)
	}
	return fmt.Sprintf("%s %s is malformed: %s", e.Kind, e.ID, e.Detail)
}

// A Commit is a commit in canonical form: the headers tree, parent*, author and
// committer in this order, then any others, a blank line and the message. No
// header that has a meaning is repeated, none starts with "gpgsig" without
// being it, and no byte is NUL.
type Commit struct {
	ID        ID
	Tree      ID
	Parents   []ID
	Author    string // name, e-mail address and date as written, not decoded
	Committer string // likewise
	// CommitTime is the date in the committer line, zero if it cannot be read.
	CommitTime time.Time
	// Signature is the value of the gpgsig header with continuation lines
	// unfolded and without the final newline, or nil if there is none.
	Signature []byte
	// Encoding is the value of the encoding header, or empty.
	Encoding string

	raw              []byte
	sigStart, sigEnd int // the lines of the gpgsig header in raw
	message          int // where the message starts in raw
}

// Payload is what Signature signs: the raw commit without the gpgsig header.
// The caller must not change it.
func (c *Commit) Payload() []byte {
	if c.sigStart == c.sigEnd {
		return c.raw
	}
	payload := make([]byte, 0, len(c.raw)-(c.sigEnd-c.sigStart))
	payload = append(payload, c.raw[:c.sigStart]...)
	return append(payload, c.raw[c.sigEnd:]...)
}

// Subject is the first line of the message as it stands there: hostile text
// that must be escaped before it reaches a terminal.
func (c *Commit) Subject() string {
	line, _, _ := bytes.Cut(bytes.TrimLeft(c.raw[c.message:], "\n"), []byte("\n"))
	return string(line)
}

// ParseCommit reads the raw content of the commit id, whose hash the caller has
// checked. Any departure from the canonical form is a *MalformedError: two
// programs that read such a commit may disagree about its parents or about what
// was signed.
func ParseCommit(id ID, raw []byte) (*Commit, error) {
	p := commitParser{commit: &Commit{ID: id, raw: raw}}
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		p.line = 1 + bytes.Count(raw[:i], []byte("\n"))
		return nil, p.malformed("a NUL byte")
	}
	if err := p.headers(); err != nil {
		return nil, err
	}
	p.commit.message = p.pos
	p.commit.CommitTime = lineTime(p.commit.Committer)
	return p.commit, nil
}

type commitParser struct {
	commit *Commit
	pos    int
	line   int
	stage  headerStage
}

// The stages of the fixed part of a commit: the header that came last.
type headerStage int

const (
	stageStart headerStage = iota
	stageTree
	stageParent
	stageAuthor
	stageCommitter
)

func (p *commitParser) malformed(format string, args ...any) error {
	return &MalformedError{ID: p.commit.ID, Kind: KindCommit, Line: p.line, Detail: fmt.Sprintf(format, args...)}
}

// headers reads up to and with the blank line that ends the headers.
func (p *commitParser) headers() error {
	for {
		start := p.pos
		line, ok := p.next()
		if !ok {
			return p.malformed("it ends before the blank line that ends the headers")
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(" "))
		if !ok || len(name) == 0 {
			return p.malformed("%q is not a header name, a space and a value", clip(line))
		}
		first := p.line
		for p.pos < len(p.commit.raw) && p.commit.raw[p.pos] == ' ' {
			if _, ok := p.next(); !ok {
				return p.malformed("it ends within the header %q", clip(name))
			}
		}
		if err := p.header(name, value, start, p.line > first); err != nil {
			return err
		}
	}
	if p.stage != stageCommitter {
		return p.malformed("it lacks a committer")
	}
	return nil
}

// next returns the next line without its newline, and false when no newline
// follows.
func (p *commitParser) next() ([]byte, bool) {
	rest := p.commit.raw[p.pos:]
	i := bytes.IndexByte(rest, '\n')
	p.line++
	if i < 0 {
		return nil, false
	}
	p.pos += i + 1
	return rest[:i], true
}

func (p *commitParser) header(name, value []byte, start int, continued bool) error {
	c := p.commit
	switch string(name) {
	case "tree", "parent", "author", "committer":
		if continued {
			return p.malformed("the header %q has a continuation line", name)
		}
		return p.fixed(name, value)
	}
	if p.stage != stageCommitter {
		return p.malformed("the header %q stands before the committer", clip(name))
	}
	switch {
	case string(name) == "gpgsig":
		if c.Signature != nil {
			return p.malformed("a second gpgsig header")
		}
		c.sigStart, c.sigEnd = start, p.pos
		c.Signature = unfold(c.raw[start+len("gpgsig ") : p.pos])
	case bytes.HasPrefix(name, []byte("gpgsig")):
		return p.malformed("the header %q resembles gpgsig", clip(name))
	case string(name) == "encoding":
		if c.Encoding != "" || continued || len(value) == 0 {
			return p.malformed("the encoding header is repeated, folded or empty")
		}
		c.Encoding = string(value)
	}
	return nil
}

// fixed takes one of the four headers whose order is fixed.
func (p *commitParser) fixed(name, value []byte) error {
	c := p.commit
	switch name := string(name); {
	case name == "tree" && p.stage == stageStart:
		p.stage = stageTree
		return p.id(&c.Tree, value)
	case name == "parent" && (p.stage == stageTree || p.stage == stageParent):
		p.stage = stageParent
		c.Parents = append(c.Parents, ID{})
		return p.id(&c.Parents[len(c.Parents)-1], value)
	case name == "author" && (p.stage == stageTree || p.stage == stageParent):
		p.stage = stageAuthor
		c.Author = string(value)
	case name == "committer" && p.stage == stageAuthor:
		p.stage = stageCommitter
		c.Committer = string(value)
	default:
		return p.malformed("the header %q is repeated or out of place", name)
	}
	return nil
}

func (p *commitParser) id(id *ID, value []byte) error {
	if !parseLowerID(id, value) {
		return p.malformed("%q is not an object id of 40 lower-case hexadecimal digits", clip(value))
	}
	return nil
}

// unfold turns the folded value of a header, with its last newline, into the
// value: each continuation line loses the space that marks it.
func unfold(folded []byte) []byte {
	value := bytes.ReplaceAll(folded, []byte("\n "), []byte("\n"))
	return value[:len(value)-1]
}

// Links are the parts of a commit that make the graph.
type Links struct {
	Tree    ID
	Parents []ID
	// Date is the committer date in seconds since 1970, 0 if it cannot be
	// read. It is the committer's own claim: a hint for ordering.
	Date int64
}

// ParseLinks reads what a commit says about the graph: the tree and the parents
// that follow it, in the form in which Git writes them. It is for commits whose
// form does not matter otherwise, such as those below an introduction; where
// ParseCommit succeeds, both agree.
func ParseLinks(raw []byte) (Links, error) {
	var l Links
	rest, ok := idLine(raw, "tree ", &l.Tree)
	if !ok {
		return Links{}, errors.New("the commit does not start with a tree")
	}
	for bytes.HasPrefix(rest, []byte("parent ")) {
		var parent ID
		if rest, ok = idLine(rest, "parent ", &parent); !ok {
			return Links{}, errors.New("the commit has a parent that is no object id")
		}
		l.Parents = append(l.Parents, parent)
	}
	l.Date = committerDate(rest)
	return l, nil
}

// idLine reads a line that is prefix and an id, and returns what follows it.
func idLine(raw []byte, prefix string, id *ID) ([]byte, bool) {
	end := len(prefix) + 40
	if len(raw) <= end || string(raw[:len(prefix)]) != prefix || raw[end] != '\n' {
		return nil, false
	}
	return raw[end+1:], parseLowerID(id, raw[len(prefix):end])
}

// committerDate looks for the committer line among the headers in rest.
func committerDate(rest []byte) int64 {
	for len(rest) > 0 && rest[0] != '\n' {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if value, ok := bytes.CutPrefix(line, []byte("committer ")); ok {
			return lineDate(value)
		}
		rest = after
	}
	return 0
}

// lineDate reads the seconds in "NAME <ADDRESS> SECONDS ZONE", 0 if there are none.
func lineDate(line []byte) int64 {
	date := bytes.TrimLeftFunc(line[bytes.LastIndexByte(line, '>')+1:], unicode.IsSpace)
	if end := bytes.IndexFunc(date, unicode.IsSpace); end >= 0 {
		date = date[:end]
	}
	seconds, err := strconv.ParseInt(string(date), 10, 64)
	if err != nil {
		return 0
	}
	return seconds
}

func lineTime(line string) time.Time {
	if seconds := lineDate([]byte(line)); seconds != 0 {
		return time.Unix(seconds, 0)
	}
	return time.Time{}
}

// parseLowerID reads 40 hexadecimal digits, lower case only as Git writes them.
func parseLowerID(id *ID, digits []byte) bool {
	if len(digits) != 2*len(id) {
		return false
	}
	for i := range id {
		high, low := lowerHex[digits[2*i]], lowerHex[digits[2*i+1]]
		if high < 0 || low < 0 {
			return false
		}
		id[i] = byte(high<<4 | low)
	}
	return true
}

var lowerHex = func() (table [256]int8) {
	for i := range table {
		table[i] = -1
	}
	for i, digit := range "0123456789abcdef" {
		table[digit] = int8(i)
	}
	return table
}()

// clip bounds hostile text in an error.
func clip(b []byte) []byte {
	const most = 60
	if len(b) > most {
		return append(bytes.Clone(b[:most]), "..."...)
	}
	return b
}
