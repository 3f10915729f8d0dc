package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// A terminal is a pseudo-terminal and what has been written to it.
type terminal struct {
	// side is the terminal as a program has it, and keys is where a person types.
	side, keys *os.File

	mu     sync.Mutex
	text   strings.Builder
	wrote  *sync.Cond
	closed bool
}

// newTerminal opens a terminal of 100 columns and reads what is written to it.
func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("SKIPPED: there are no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 25, Col: 100})
	}
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{keys: master}
	term.wrote = sync.NewCond(&term.mu)
	if term.side, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { term.read(master) })
	t.Cleanup(func() {
		term.side.Close()
		reading.Wait()
	})
	return term
}

// read ends when nobody has the terminal open any more.
func (term *terminal) read(master *os.File) {
	buffer := make([]byte, 4096)
	for {
		n, err := master.Read(buffer)
		term.mu.Lock()
		term.text.Write(buffer[:n])
		term.closed = err != nil
		term.wrote.Broadcast()
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// waitFor waits until the terminal shows a text, and says whether it does.
func (term *terminal) waitFor(text string) bool {
	term.mu.Lock()
	defer term.mu.Unlock()
	for !strings.Contains(term.text.String(), text) {
		if term.closed {
			return false
		}
		term.wrote.Wait()
	}
	return true
}

// end closes the program's side and returns all that was written.
func (term *terminal) end() string {
	term.side.Close()
	term.mu.Lock()
	defer term.mu.Unlock()
	for !term.closed {
		term.wrote.Wait()
	}
	return term.text.String()
}
