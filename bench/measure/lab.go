package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/nix-authorize/nix-authorize/bench/history"
	"github.com/nix-authorize/nix-authorize/bench/process"
)

// A Lab is where and with what is measured.
type Lab struct {
	// Program is the one that is measured, by its absolute name.
	Program string
	// Cache is a directory for histories, which are kept. What a run needs else is
	// below it, too, so that files can be linked, and is removed.
	Cache string
	// Generator is the command that writes a history: its arguments but for flags.
	// It is a process of its own, so that this one remains small.
	Generator []string
	// Quick says that everything is measured only once.
	Quick bool
	// Log says what is being done.
	Log func(format string, args ...any)

	work string
}

// open makes the place for the files of this run; the caller calls what is returned.
func (l *Lab) open() (clean func(), err error) {
	if l.Cache, err = filepath.Abs(l.Cache); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.Cache, 0o755); err != nil {
		return nil, err
	}
	l.work, err = os.MkdirTemp(l.Cache, "run")
	return func() { os.RemoveAll(l.work) }, err
}

// home makes a new home directory, in which nothing is remembered.
func (l *Lab) home() (string, error) { return os.MkdirTemp(l.work, "home") }

// history generates a history, or finds it in the cache.
func (l *Lab) history(ctx context.Context, params history.Params) (subject, error) {
	name := fmt.Sprintf("%s-%d", params.Rule, params.Commits)
	if params.ByGit > 0 {
		name += fmt.Sprintf("-git-%d", params.ByGit)
	}
	dir := filepath.Join(l.Cache, "histories", name+".git")
	record, err := history.Load(dir, params)
	if err != nil {
		return subject{}, err
	}
	if !record.Finished() {
		l.Log("generating %s", name)
		args := append(l.Generator, "-rule", params.Rule, "-commits", fmt.Sprint(params.Commits), "-git", fmt.Sprint(params.ByGit), dir)
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			return subject{}, err
		}
		if _, err := process.Run(ctx, process.Command{Args: args, Env: os.Environ()}); err != nil {
			return subject{}, err
		}
		if record, err = history.Load(dir, params); err != nil {
			return subject{}, err
		}
	}
	return generated(dir, record), nil
}

// repeat runs something several times.
func (l *Lab) repeat(times int, run func() (process.Cost, error)) (process.Cost, error) {
	var costs []process.Cost
	for range l.times(times) {
		cost, err := run()
		if err != nil {
			return process.Cost{}, err
		}
		costs = append(costs, cost)
	}
	return process.Median(costs), nil
}

// times is how often something is measured.
func (l *Lab) times(usually int) int {
	if l.Quick {
		return 1
	}
	return usually
}

// halfOfCores are arguments that let the program use half of the cores, and whether that
// is less than all.
func halfOfCores() (args []string, ok bool) {
	cores := runtime.GOMAXPROCS(0)
	return []string{"--cpu", fmt.Sprint(cores / 2)}, cores > 1
}
