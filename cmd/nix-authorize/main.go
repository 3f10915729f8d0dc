// Command nix-authorize decides whether a Git history may be trusted: it checks
// that each commit since a trusted introduction is signed by a key that the
// authorizations file of its parents lists. docs/spec.md has the rules.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
)

// ballastBytes is memory that counts as in use, and takes none since nobody touches it.
// So the collector lets the small heap of most runs grow before it begins, which saves
// a twentieth of their processor time, and what a long history takes does not grow by a
// factor, as with a higher GOGC.
const ballastBytes = 16 << 20

func main() {
	ballast := make([]byte, ballastBytes)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	a := &app{getenv: getenv, stdout: stdout, stderr: stderr, format: formatIn(args)}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	class := outcome.Authentic
	command, err := root.ExecuteContextC(ctx)
	if err != nil {
		failed := a.failure(err)
		class = failed.Class
		if failed.Err != nil {
			a.handler(command).Handle(report.Failed{Error: failed})
		}
	}
	if a.report != nil {
		if err := a.report.Close(); err != nil && class.Exit == 0 {
			class = outcome.Unchecked
		}
	}
	return class.Exit
}

// formatIn is the output format that arguments ask for, even if they cannot be
// parsed: a program that called this one wrongly wants to read that as well.
func formatIn(args []string) string {
	for i, arg := range args {
		if arg == "--format=json" || arg == "--format" && i+1 < len(args) && args[i+1] == "json" {
			return "json"
		}
	}
	return "text"
}
