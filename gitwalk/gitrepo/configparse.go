package gitrepo

import (
	"bytes"
	"strings"
)

// parseConfig reads the syntax of "git help config". What git would refuse is a
// *MalformedFileError.
func parseConfig(content []byte) (Config, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	p := configParser{rest: string(content), line: 1}
	for {
		p.skipBlank()
		if p.rest == "" {
			return p.config, nil
		}
		var err error
		if p.rest[0] == '[' {
			err = p.header()
		} else {
			err = p.variable()
		}
		if err != nil {
			return Config{}, err
		}
	}
}

type configParser struct {
	rest                string
	line                int
	section, subsection string
	// nameless says that there is a subsection whose name is empty. It is not
	// the same as none, and nobody asks for its variables.
	nameless bool
	config   Config
}

func (p *configParser) malformed(detail string) error {
	return &MalformedFileError{Line: p.line, Detail: detail}
}

// take returns the next byte, '\n' at the end, and reads CR LF as LF.
func (p *configParser) take() byte {
	if strings.HasPrefix(p.rest, "\r\n") {
		p.rest = p.rest[1:]
	}
	if p.rest == "" {
		return '\n'
	}
	c := p.rest[0]
	p.rest = p.rest[1:]
	if c == '\n' {
		p.line++
	}
	return c
}

// skipBlank skips white space, empty lines and comments.
func (p *configParser) skipBlank() {
	for p.rest != "" {
		switch p.rest[0] {
		case ' ', '\t', '\r', '\n':
			p.take()
		case '#', ';':
			p.skipLine()
		default:
			return
		}
	}
}

func (p *configParser) skipLine() {
	for p.rest != "" && p.take() != '\n' {
	}
}

// header reads `[section]`, `[section "subsection"]` or `[section.subsection]`.
func (p *configParser) header() error {
	p.take()
	n := 0
	for n < len(p.rest) && (isAlnum(p.rest[n]) || p.rest[n] == '-' || p.rest[n] == '.') {
		n++
	}
	name := strings.ToLower(p.rest[:n])
	p.rest = p.rest[n:]
	var dotted bool
	p.section, p.subsection, dotted = strings.Cut(name, ".")
	if strings.HasPrefix(p.rest, "]") && name != "" {
		p.take()
		p.nameless = dotted && p.subsection == ""
		return nil
	}
	quoted := strings.TrimLeft(p.rest, " \t\r")
	if quoted == p.rest || !strings.HasPrefix(quoted, `"`) || name == "" {
		return p.malformed("a section header is malformed")
	}
	p.rest = quoted[1:]
	return p.quotedSubsection(dotted)
}

// quotedSubsection reads `subsection"]`. If there was one before it without
// quotation marks, git takes both together.
func (p *configParser) quotedSubsection(more bool) error {
	var name strings.Builder
	if more {
		name.WriteString(p.subsection + ".")
	}
	for {
		c := p.take()
		if c == '\\' {
			c = p.take()
		} else if c == '"' {
			break
		}
		if c == '\n' || c == 0 {
			return p.malformed("the name of a subsection has no end")
		}
		name.WriteByte(c)
	}
	if p.take() != ']' {
		return p.malformed("a section header is malformed")
	}
	p.subsection = name.String()
	p.nameless = p.subsection == ""
	return nil
}

// variable reads `key = value` or `key`.
func (p *configParser) variable() error {
	n := 0
	for n < len(p.rest) && (isAlnum(p.rest[n]) || p.rest[n] == '-') {
		n++
	}
	e := configEntry{section: p.section, subsection: p.subsection, key: strings.ToLower(p.rest[:n])}
	if n == 0 || !isAlpha(p.rest[0]) {
		return p.malformed("neither a section header nor a variable")
	}
	p.rest = strings.TrimLeft(p.rest[n:], " \t")
	line := p.line
	switch c := p.take(); c {
	case '\n':
		e.implicit = true
	case '=':
		value, err := p.value()
		if err != nil {
			return err
		}
		e.value = value
	default:
		p.line = line
		return p.malformed("a variable is not followed by =")
	}
	if !p.nameless {
		p.config.entries = append(p.config.entries, e)
	}
	return nil
}

// value reads up to the end of the line. Blanks at both ends that are not quoted
// and comments are left out.
func (p *configParser) value() (string, error) {
	var value strings.Builder
	var blanks []byte
	line, quoted := p.line, false
	for {
		c := p.take()
		switch {
		case c == '\n' && quoted || c == 0:
			p.line = line
			return "", p.malformed("a value has a quotation mark without a second one, or a NUL byte")
		case c == '\n':
			return value.String(), nil
		case !quoted && (c == '#' || c == ';'):
			p.skipLine()
			return value.String(), nil
		case !quoted && isBlank(c):
			if value.Len() > 0 {
				blanks = append(blanks, c)
			}
			continue
		}
		value.Write(blanks)
		blanks = blanks[:0]
		switch c {
		case '"':
			quoted = !quoted
		case '\\':
			escaped, ok := p.escape()
			if !ok {
				p.line = line
				return "", p.malformed("a value has an unknown escape sequence")
			}
			value.WriteString(escaped)
		default:
			value.WriteByte(c)
		}
	}
}

// escape reads what follows a backslash. At the end of a line it stands for
// nothing.
func (p *configParser) escape() (string, bool) {
	switch c := p.take(); c {
	case '\n':
		return "", true
	case 't':
		return "\t", true
	case 'b':
		return "\b", true
	case 'n':
		return "\n", true
	case '\\', '"':
		return string(rune(c)), true
	}
	return "", false
}

// isBlank is git's isspace, but for the newline.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isAlnum(c byte) bool { return isAlpha(c) || '0' <= c && c <= '9' }
