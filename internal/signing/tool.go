package signing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// Limits on what is kept of a program's output, in bytes.
const (
	maxStdout = 4 << 20
	maxStderr = 16 << 10
)

// patience is how long after its end a program may keep its output open through
// a process that it has left behind, such as an agent.
const patience = 2 * time.Second

// A tool is a program that has the user's keys.
type tool struct {
	program string
	dir     string
	// terminal gets what the program says to the user, such as that a token waits
	// to be touched. Nil drops it.
	terminal io.Writer
}

// A toolError says that a program has failed.
type toolError struct {
	program string
	said    string // its last line on standard error, or empty
	err     error
}

func (e *toolError) Error() string {
	if e.said == "" {
		return fmt.Sprintf("%s failed: %v", e.program, e.err)
	}
	return fmt.Sprintf("%s failed: %s", e.program, e.said)
}

func (e *toolError) Unwrap() error { return e.err }

// run runs the program with the user's environment and returns what it wrote. The
// error is ctx.Err(), a usage error if the program is not there, or a *toolError.
func (t tool) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	path, err := exec.LookPath(t.program)
	if err != nil {
		return nil, outcome.UsageError(fmt.Errorf("%s is not installed, or not on PATH", t.program), "install it, or tell git where it is (gpg.program, gpg.ssh.program)")
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.dir
	cmd.Env = os.Environ()
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	stdout, stderr := &kept{limit: maxStdout, strict: true}, &kept{limit: maxStderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if t.terminal != nil {
		cmd.Stderr = io.MultiWriter(stderr, quiet{t.terminal})
	}
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case stdout.full:
		return nil, &toolError{t.program, "", errTooMuch} // rather than that it died of it
	case err != nil:
		return nil, &toolError{t.program, lastLine(stderr.data), err}
	}
	return stdout.data, nil
}

// lastLine is the last line that says something.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// kept is the beginning of what is written to it. If it is strict, it fails when
// there is more.
type kept struct {
	data   []byte
	limit  int
	strict bool
	full   bool
}

var errTooMuch = fmt.Errorf("it wrote more than %d bytes", maxStdout)

func (k *kept) Write(p []byte) (int, error) {
	room := min(len(p), k.limit-len(k.data))
	k.data = append(k.data, p[:room]...)
	k.full = k.full || room < len(p)
	if k.full && k.strict {
		return room, errTooMuch
	}
	return len(p), nil
}

// quiet passes on all but what ssh-keygen says about the names of files.
type quiet struct{ io.Writer }

func (q quiet) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if bytes.HasPrefix(line, []byte("Signing file ")) || bytes.HasPrefix(line, []byte("Write signature to ")) {
			continue
		}
		if _, err := q.Writer.Write(line); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// standIn is another program in the same place.
func (t tool) standIn(program string) tool {
	t.program = program
	return t
}

// quietly is the tool without what it says to the user.
func (t tool) quietly() tool {
	t.terminal = nil
	return t
}

// isFailure says whether err is that a program was run and failed.
func isFailure(err error) bool { return errors.As(err, new(*toolError)) }
