package measure

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// merges measures a history of merges that nobody has signed.
func (l *Lab) merges(ctx context.Context, s subject) (m Merges, err error) {
	m = Merges{Merges: s.length, ByGit: s.record.Params.ByGit}
	m.Cold, err = l.repeat(coldRuns(s.length), func() (process.Cost, error) {
		home, err := l.home()
		if err != nil {
			return process.Cost{}, err
		}
		return process.Run(ctx, l.verify(s, home, s.tip, "-q"))
	})
	if err == nil && m.ByGit > 0 {
		m.Each, err = l.mergeTrees(ctx, s)
	}
	return m, err
}

// mergeTrees measures a process of git for each of the newest merges. What they write
// does not go into the history.
func (l *Lab) mergeTrees(ctx context.Context, s subject) (time.Duration, error) {
	scratch, err := os.MkdirTemp(l.work, "objects")
	if err != nil {
		return 0, err
	}
	env := process.Environment(l.work, "GIT_OBJECT_DIRECTORY="+scratch, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+filepath.Join(s.dir, "objects"))
	parents, err := git(ctx, s.dir, "log", "--first-parent", "--merges", "--format=%P", "-n", "50", s.tip)
	if err != nil {
		return 0, err
	}
	var costs []process.Cost
	for line := range strings.Lines(parents) {
		args := append([]string{"git", "-C", s.dir, "merge-tree", "--write-tree"}, strings.Fields(line)...)
		cost, err := process.Run(ctx, process.Command{Args: args, Env: env})
		if err != nil {
			return 0, err
		}
		costs = append(costs, cost)
	}
	return process.Median(costs).Wall, nil
}
