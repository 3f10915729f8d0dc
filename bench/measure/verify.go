package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/bench/floor"
	"github.com/nix-authorize/nix-authorize/bench/process"
)

// newCommits is what comes to nixpkgs in a day.
const newCommits = 540

// coldRuns is how often a history of a length is judged from the start: what takes long
// differs less.
func coldRuns(length int) int {
	switch {
	case length <= 20_000:
		return 5
	case length <= 200_000:
		return 3
	}
	return 1
}

// quickRuns is how often something short is measured.
const quickRuns = 7

// measured is what verifying a history costs, beside the floor. The home directory that
// is returned remembers what the cold run has judged: all, or of a generated history all
// but its newest commits.
func (l *Lab) measured(ctx context.Context, s subject) (h History, home string, err error) {
	h = History{Name: s.name, Generated: s.record != nil, Length: s.length, Commits: s.length}
	tip := s.tip
	if s.record != nil && s.record.Before[newCommits] != "" {
		tip, h.Commits = s.record.Before[newCommits], s.length-newCommits
	}
	if h.Objects, err = objects(ctx, s); err != nil {
		return h, "", err
	}
	list := filepath.Join(l.work, "floor")
	if err := floor.List(ctx, s.dir, s.introduction, tip, list, process.Environment(l.work)); err != nil {
		return h, "", err
	}
	var read, cold []process.Cost
	var report []byte
	for range l.times(coldRuns(s.length)) { // in turns, so that both have the same weather
		cost, err := floor.Read(ctx, s.dir, list, process.Environment(l.work))
		if err != nil {
			return h, "", err
		}
		read = append(read, cost)
		if home, err = l.home(); err != nil {
			return h, "", err
		}
		if report, cost, err = process.Output(ctx, l.verify(s, home, tip, "--stats", "--format", "json")); err != nil {
			return h, "", err
		}
		cold = append(cold, cost)
	}
	h.Reading, h.Cold = process.Median(read), process.Median(cold)
	h.Signatures, err = kinds(ctx, s, report)
	return h, home, err
}

// half measures the cold run with half of the cores, where that takes no longer than
// some seconds.
func (l *Lab) half(ctx context.Context, s subject, h *History) error {
	half, ok := halfOfCores()
	if !ok || s.length > 200_000 {
		return nil
	}
	tip := s.tip
	if h.Commits < s.length {
		tip = s.record.Before[newCommits]
	}
	var err error
	h.Half, err = l.repeat(coldRuns(s.length), func() (process.Cost, error) {
		home, err := l.home()
		if err != nil {
			return process.Cost{}, err
		}
		return process.Run(ctx, l.verify(s, home, tip, append(half, "-q")...))
	})
	return err
}

// warm measures runs that have little or nothing to do. The home remembers all but the
// newest commits, and all in the end.
func (l *Lab) warm(ctx context.Context, s subject, h *History, home string) (err error) {
	if expected := s.length - h.Commits; expected > 0 {
		cost, err := l.repeat(quickRuns, func() (process.Cost, error) {
			copied, err := l.copied(home)
			if err != nil {
				return process.Cost{}, err
			}
			return l.judging(ctx, s, copied, expected)
		})
		if err != nil {
			return err
		}
		h.New = &New{expected, cost}
	}
	if home, err = l.copied(home); err != nil {
		return err
	}
	if _, err := process.Run(ctx, l.verify(s, home, s.tip, "-q")); err != nil {
		return err
	}
	h.Warm, err = l.repeat(quickRuns, func() (process.Cost, error) {
		return l.judging(ctx, s, home, 0)
	})
	return err
}

// judging judges the tip with a home that remembers all but so many commits. If that is
// not what it remembers, something else has been measured.
func (l *Lab) judging(ctx context.Context, s subject, home string, expected int) (process.Cost, error) {
	out, cost, err := process.Output(ctx, l.verify(s, home, s.tip, "--format", "json"))
	if err != nil {
		return cost, err
	}
	var report struct{ Commits int }
	if err := json.Unmarshal(out, &report); err != nil {
		return cost, err
	}
	if report.Commits != expected {
		return cost, fmt.Errorf("%d commits of %s were judged again instead of %d", report.Commits, s.name, expected)
	}
	return cost, nil
}
