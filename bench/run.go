package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/measure"
	"github.com/nix-authorize/nix-authorize/bench/process"
	"github.com/nix-authorize/nix-authorize/bench/report"
)

// resultsName is the file in the cache with what the last run has measured.
const resultsName = "results.json"

// defaultCorpora is where real histories lie beside the repository, if they do.
const defaultCorpora = "../shared/corpora"

// measureAll measures the program, shows what comes out and writes it into the documents.
func measureAll(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	commits := flags.String("commits", "10000,100000,1000000", "`LENGTHS` of histories to generate, with commas")
	merges := flags.Int("merges", 100_000, "how many vouched `MERGES` that trees decide")
	byGit := flags.Int("git", 500, "how many vouched `MERGES` that git decides")
	corpora := flags.String("corpora", "", "a `DIRECTORY` with real histories, verdicts.tsv and unpack; "+defaultCorpora+" if it is there")
	cache := flags.String("cache", defaultCache(), "the `DIRECTORY` in which histories are kept")
	program := flags.String("program", "", "the `PROGRAM` to measure; built from this source if not given")
	quick := flags.Bool("quick", false, "measure everything once")
	docs := flags.Bool("docs", false, "write docs/benchmarks.md, its picture and the table in README.md of the working directory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	lengths, err := numbers(*commits)
	if err != nil {
		return err
	}
	if _, err := os.Stat(defaultCorpora); err == nil && *corpora == "" {
		*corpora = defaultCorpora
	}
	start := time.Now()
	lab, err := newLab(ctx, *cache, *program, start)
	if err != nil {
		return err
	}
	lab.Quick = *quick
	results, err := lab.Run(ctx, measure.Plan{Commits: lengths, Merges: *merges, ByGit: *byGit, Corpora: *corpora})
	if err != nil {
		return err
	}
	lab.Log("done")
	if err := results.Save(filepath.Join(*cache, resultsName)); err != nil {
		return err
	}
	return show(results, *docs)
}

// showAgain shows what the last run has measured.
func showAgain(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	cache := flags.String("cache", defaultCache(), "the `DIRECTORY` of the run")
	docs := flags.Bool("docs", false, "as for run")
	if err := flags.Parse(args); err != nil {
		return err
	}
	results, err := measure.Load(filepath.Join(*cache, resultsName))
	if err != nil {
		return err
	}
	return show(results, *docs)
}

func show(results *measure.Results, docs bool) error {
	if err := report.Text(os.Stdout, results); err != nil || !docs {
		return err
	}
	return report.Write(".", results)
}

// newLab gets the program and its place ready.
func newLab(ctx context.Context, cache, program string, start time.Time) (*measure.Lab, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return nil, err
	}
	if program == "" {
		program = filepath.Join(cache, "nix-authorize")
		build := []string{"go", "build", "-o", program, "./cmd/nix-authorize"}
		if _, err := process.Run(ctx, process.Command{Args: build, Env: os.Environ()}); err != nil {
			return nil, err
		}
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	return &measure.Lab{Program: program, Cache: cache, Generator: []string{own, "generate"}, Log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%5.0f s  %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
	}}, nil
}

// defaultCache is where histories are kept.
func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "nix-authorize-bench")
}

// numbers reads lengths such as "10000,100000".
func numbers(list string) (found []int, err error) {
	for word := range strings.SplitSeq(list, ",") {
		if word == "" {
			continue
		}
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no length of a history", word)
		}
		found = append(found, n)
	}
	return found, nil
}
