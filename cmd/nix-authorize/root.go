package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// app is what all commands have in common: the environment and global flags.
type app struct {
	getenv         func(string) string
	stdout, stderr io.Writer

	dir, cpu       string
	format, color  string
	quiet, verbose bool

	report report.Handler
	// running says that the command line has been understood.
	running bool
}

const rootHelp = `nix-authorize decides whether a Git history may be trusted.

It walks the history from an introduction, a commit and the key that signed it,
which the project publishes and you get by a way that you trust. Each commit since
then must be signed by a key that the authorizations file in its parents lists.

Exit codes, the same for every command:
  0    authentic, or done
  1    refused: some commit is not authentic
  2    the command was called or configured wrongly
  3    downgrade: the remote leads back to something older
  4    stale: nobody has signed anything for too long
  5    could not check: something is missing, damaged or not supported
  130  interrupted`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "nix-authorize",
		Short:         "decide whether a Git history may be trusted",
		Long:          rootHelp,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.StringVarP(&a.dir, "directory", "C", "", "work as if started in `DIR`")
	flags.StringVar(&a.format, "format", a.format, "the `FORMAT` of the output: text for people or json for programs")
	flags.StringVar(&a.color, "color", "auto", "`WHEN` to use colours: auto, always or never")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "show only what is wrong")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say how the repository is read and what was found where")
	root.AddCommand(a.verifyCommand(), a.explainCommand(), a.trustCommand(), a.keyringCommand(),
		a.pullCommand(), a.cloneCommand(), a.statusCommand(), a.stateCommand(), a.introductionsCommand(),
		a.hookCommand(), a.initCommand(), a.keyCommand(), a.importCommand(),
		a.lintCommand(), a.approveCommand(), a.approvalsCommand(), a.sealCommand())
	root.AddCommand(a.checkPRCommand())
	return root
}

// handler makes the handler that --format selects, once.
func (a *app) handler(cmd *cobra.Command) report.Handler {
	if a.report != nil {
		return a.report
	}
	color, err := report.ParseColor(a.color)
	if err != nil {
		color = report.ColorNever
	}
	if a.format == "json" {
		a.report = &report.JSON{Out: a.stdout, Command: strings.TrimPrefix(cmd.CommandPath(), "nix-authorize ")}
	} else {
		a.report = &report.Text{Out: a.stdout, Err: a.stderr, Color: color, Getenv: a.getenv, Quiet: a.quiet, Verbose: a.verbose}
	}
	return a.report
}

// start begins a command whose arguments have been accepted.
func (a *app) start(cmd *cobra.Command) (report.Handler, error) {
	a.running = true
	if _, err := report.ParseColor(a.color); err != nil {
		return nil, outcome.UsageError(err, "")
	}
	if a.format != "text" && a.format != "json" {
		return nil, outcome.UsageError(fmt.Errorf("unknown format %q", a.format), "use --format text or --format json")
	}
	if err := a.useCores(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return nil, err
	}
	a.dir = dir
	return a.handler(cmd), nil
}

// open opens the repository of the directory that -C names.
func (a *app) open(cmd *cobra.Command) (*gitrepo.Repository, error) {
	if info, err := os.Stat(a.dir); err != nil || !info.IsDir() {
		return nil, outcome.UsageError(fmt.Errorf("%s is not a directory", a.dir), "")
	}
	repository, err := verification.Open(cmd.Context(), a.dir, a.getenv)
	if err != nil {
		return nil, err
	}
	a.report.Handle(report.Note{Text: "objects are read with " + repository.Layout().String()})
	for _, text := range repository.Warnings() {
		a.report.Handle(report.Warning{Code: "ignored-by-design", Text: text})
	}
	return repository, nil
}

// verdict ends a command whose handler has shown everything.
func verdict(class outcome.Class) error {
	if class.Exit == 0 {
		return nil
	}
	return &outcome.Error{Class: class}
}

// failure classifies an error of the command line, which no command has seen, as
// wrong usage, and any other by what it is.
func (a *app) failure(err error) *outcome.Error {
	var classed *outcome.Error
	if !a.running && !errors.As(err, &classed) {
		return outcome.UsageError(err, "see nix-authorize --help")
	}
	return outcome.From(err)
}

// version is that of the module, as the Go toolchain knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
