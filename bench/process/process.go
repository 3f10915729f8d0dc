// Package process runs programs and says what they cost.
package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Cost is what a process took, with those that it has waited for.
type Cost struct {
	Wall time.Duration
	CPU  time.Duration // user and system time
	// Memory is the largest resident set in bytes. The system counts what the
	// parent had when the process was started, so that the parent must be small.
	Memory int64
}

// A Command is a program to run.
type Command struct {
	Args  []string // the program first
	Dir   string
	Env   []string // all of it
	Stdin string   // the name of a file, or empty
}

// Run runs a command that must succeed, and drops what it writes.
func Run(ctx context.Context, c Command) (Cost, error) {
	return run(ctx, c, nil)
}

// Output runs a command that must succeed, and returns what it writes.
func Output(ctx context.Context, c Command) ([]byte, Cost, error) {
	var out bytes.Buffer
	cost, err := run(ctx, c, &out)
	return out.Bytes(), cost, err
}

// Write runs a command that must succeed, and puts what it writes into a file.
func Write(ctx context.Context, c Command, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = run(ctx, c, file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

func run(ctx context.Context, c Command, stdout io.Writer) (Cost, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout = c.Dir, c.Env, stdout
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if c.Stdin != "" {
		file, err := os.Open(c.Stdin)
		if err != nil {
			return Cost{}, err
		}
		defer file.Close()
		cmd.Stdin = file
	}
	start := time.Now()
	err := cmd.Run()
	cost := Cost{Wall: time.Since(start)}
	if err != nil {
		return cost, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, &stderr)
	}
	cost.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		cost.Memory = int64(usage.Maxrss) * maxrssUnit()
	}
	return cost, nil
}

// maxrssUnit is what getrusage(2) counts memory in.
func maxrssUnit() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}

// Environment is one in which programs find nothing of the user's, and have a home of
// their own.
func Environment(home string, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
		"XDG_STATE_HOME=" + filepath.Join(home, "state"),
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"GNUPGHOME=" + filepath.Join(home, "gnupg"),
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_CONFIG_NOSYSTEM=1",
		"LC_ALL=C",
	}, more...)
}

// Median is the median of each measure by itself.
func Median(costs []Cost) Cost {
	var m Cost
	if len(costs) == 0 {
		return m
	}
	m.Wall = median(costs, func(c Cost) time.Duration { return c.Wall })
	m.CPU = median(costs, func(c Cost) time.Duration { return c.CPU })
	m.Memory = median(costs, func(c Cost) int64 { return c.Memory })
	return m
}

func median[T time.Duration | int64](costs []Cost, of func(Cost) T) T {
	var all []T
	for _, c := range costs {
		all = append(all, of(c))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
