package effort

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

func TestMain(m *testing.M) { process.Main(m, child) }

// child lowers its priority while it has many threads, begins more, and tells the
// niceness of all and of a program that it starts.
func child(args []string) error {
	if len(args) > 0 && args[0] == "twice" {
		Lower()
	}
	end := make(chan struct{})
	defer close(end)
	begin := func() {
		var begun sync.WaitGroup
		for range 20 {
			begun.Add(1)
			go func() {
				runtime.LockOSThread() // so that there is a thread for each
				begun.Done()
				<-end
			}()
		}
		begun.Wait()
	}
	begin()
	Lower()
	begin()
	files, err := filepath.Glob(threads + "/*/stat")
	if err != nil {
		return err
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // it has ended
		}
		if err != nil {
			return err
		}
		fmt.Println("thread", niceOf(string(stat)))
	}
	stat, err := exec.Command("cat", "/proc/self/stat").Output()
	fmt.Println("program", niceOf(string(stat)))
	return err
}

// niceOf is the niceness in a file as in proc_pid_stat(5): field 19, of which the first
// two are before the last parenthesis.
func niceOf(stat string) string {
	return strings.Fields(stat[strings.LastIndex(stat, ")")+1:])[16]
}

func TestLower(t *testing.T) {
	own, err := niceness(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for task, target := range map[string]int{"once": min(own+step, nicest), "twice": min(own+2*step, nicest)} {
		p := process.Start(t, task)
		if err := p.Wait(); err != nil {
			t.Fatalf("%v: %s", err, p.Output())
		}
		lines := strings.Split(strings.TrimSpace(p.Output()), "\n")
		if len(lines) < 40 || !strings.HasPrefix(lines[len(lines)-1], "program ") {
			t.Errorf("%s: %d lines: %s", task, len(lines), p.Output())
		}
		for _, line := range lines {
			if !strings.HasSuffix(line, fmt.Sprint(" ", target)) {
				t.Errorf("%s: %s instead of %d", task, line, target)
			}
		}
	}
	if now, err := niceness(os.Getpid()); err != nil || now != own {
		t.Errorf("this process has become %d, %v", now, err)
	}
}
