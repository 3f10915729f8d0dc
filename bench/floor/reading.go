// Package floor measures what a verdict costs on a machine at least: git reads the
// commits and root trees that it depends on, and each signature is verified by the
// fastest code for one such operation.
package floor

import (
	"context"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// List writes the ids of the commits that a verdict depends on, and of their root
// trees, to a file for Read.
func List(ctx context.Context, repository, introduction, tip, file string, env []string) error {
	return process.Write(ctx, process.Command{
		Args: []string{"git", "-C", repository, "log", "--format=%H%n%T", introduction + ".." + tip}, Env: env,
	}, file)
}

// Read has git read what is listed, in one process.
func Read(ctx context.Context, repository, file string, env []string) (process.Cost, error) {
	return process.Run(ctx, process.Command{
		Args: []string{"git", "-C", repository, "cat-file", "--batch", "--buffer"}, Env: env, Stdin: file,
	})
}
