// Package process runs what a test needs a process of its own for: to kill it, to
// take rights or room away from it, or to have several at once.
package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// flag is the first argument of a test binary that is to do a task and no tests.
const flag = "-child"

// Main is for TestMain: it runs the tests of a package, or the task that Start has
// started this process for, and ends the process.
func Main(m *testing.M, task func(args []string) error) {
	if len(os.Args) > 1 && os.Args[1] == flag {
		if err := task(os.Args[2:]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	EndAtOnce()
	os.Exit(m.Run())
}

// A Process does a task.
type Process struct {
	*exec.Cmd
	out bytes.Buffer
}

// Start starts a process for a task. The caller waits for it, and if he does not, it
// ends with the test.
func Start(t testing.TB, args ...string) *Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{Cmd: exec.Command(program, append([]string{flag}, args...)...)}
	p.Stdout, p.Stderr = &p.out, &p.out
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait() // of which the second does nothing
	})
	return p
}

// Output is what a process that has ended had to say: for a task that failed, the
// error.
func (p *Process) Output() string { return p.out.String() }
