package gitcli

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"unicode"
)

// maxStderr is how much of the standard error of git is kept, in bytes.
const maxStderr = 16 << 10

// An Error says that git failed or could not be run.
type Error struct {
	Args     []string // without the settings that every git gets
	ExitCode int      // -1 if git was killed or did not start
	// Stderr is the line in which git says why, and Errors are the lines that
	// it marks as errors beside the fatal one. They have no prefix and no
	// control or bidirectional formatting characters. Both may be empty.
	Stderr string
	Errors []string
	Err    error
}

func (e *Error) Error() string {
	name := "git" + e.command()
	if e.Stderr != "" {
		return fmt.Sprintf("%s failed: %s", name, e.Stderr)
	}
	return fmt.Sprintf("%s failed: %v", name, e.Err)
}

// command is the first argument that is no option of git's own, after a space.
func (e *Error) command() string {
	for i := 0; i < len(e.Args); i++ {
		switch {
		case e.Args[i] == "-c":
			i++
		case !strings.HasPrefix(e.Args[i], "-"):
			return " " + e.Args[i]
		}
	}
	return ""
}

func (e *Error) Unwrap() error { return e.Err }

// ExitCode is the exit code of the git that err tells of, or -1.
func ExitCode(err error) int {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.ExitCode
	}
	return -1
}

func newError(args []string, err error, stderr []byte) *Error {
	e := &Error{Args: args, ExitCode: -1, Err: err}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e.ExitCode = exit.ExitCode()
	}
	for line := range strings.Lines(string(stderr)) {
		line = printable(strings.TrimSpace(line))
		if message, ok := strings.CutPrefix(line, "error: "); ok {
			e.Errors = append(e.Errors, message)
		}
		beside := strings.HasPrefix(line, "warning: ") || strings.HasPrefix(line, "hint:")
		if (e.Stderr == "" || strings.HasPrefix(e.Stderr, fromRemote)) && !beside {
			e.Stderr = strings.TrimPrefix(strings.TrimPrefix(line, "error: "), "fatal: ")
		}
	}
	return e
}

// fromRemote begins a line that a remote has to say, which gives way to git's own.
const fromRemote = "remote: "

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// bounded is a buffer that fails, or with forget drops, what exceeds limit.
type bounded struct {
	data   []byte
	limit  int
	forget bool
	full   bool // there was more
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - len(b.data)
	if len(p) <= room {
		b.data = append(b.data, p...)
		return len(p), nil
	}
	b.data = append(b.data, p[:room]...)
	b.full = true
	if b.forget {
		return len(p), nil
	}
	return room, b.tooMuch()
}

func (b *bounded) tooMuch() error { return fmt.Errorf("it wrote more than %d bytes", b.limit) }
