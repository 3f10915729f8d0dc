package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
)

// githubFlags say that check-pr runs in a workflow on GitHub, and what to leave there.
type githubFlags struct {
	on         bool
	reportOnly bool
	reportFile string
	sarifFile  string
}

func (g *githubFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&g.on, "github", false, "take what to judge from the event of a workflow on GitHub, and show the verdict there")
	flags.BoolVar(&g.reportOnly, "report-only", false, "exit with 0 whatever the verdict is; a wrong configuration still fails")
	flags.StringVar(&g.reportFile, "report-file", "", "write the JSON document to `FILE` as well")
	flags.StringVar(&g.sarifFile, "sarif", "", "write what is wrong to `FILE` as SARIF 2.1.0")
}

// beginCheck begins the command with the handlers that the flags ask for.
func (a *app) beginCheck(cmd *cobra.Command, g *githubFlags) error {
	if g.on && a.format == "json" {
		return errors.New("--github has a log for people; --report-file takes the JSON document")
	}
	handlers := report.Several{}
	if g.on {
		github, log, err := report.NewGitHub(a.stdout, a.getenv)
		if err != nil {
			return err
		}
		github.ReportFile, github.SARIFFile = g.reportFile, g.sarifFile
		a.stdout, a.stderr = log, log
		handlers = append(handlers, github)
	}
	if _, err := a.start(cmd); err != nil {
		return err
	}
	handlers = append(report.Several{a.report}, handlers...)
	for _, w := range []struct {
		path string
		make func(file *os.File) report.Handler
	}{
		{g.reportFile, func(file *os.File) report.Handler {
			return &report.JSON{Out: file, Command: strings.TrimPrefix(cmd.CommandPath(), "nix-authorize ")}
		}},
		{g.sarifFile, func(file *os.File) report.Handler { return &report.SARIF{Out: file, Version: version()} }},
	} {
		if w.path == "" {
			continue
		}
		file, err := os.Create(w.path)
		if err != nil {
			return outcome.UsageError(err, "name a file in a directory that exists and may be written to")
		}
		handlers = append(handlers, closing{w.make(file), file})
	}
	a.report = handlers
	return nil
}

// closing is a handler with the file that it writes to.
type closing struct {
	report.Handler
	file *os.File
}

func (c closing) Close() error { return errors.Join(c.Handler.Close(), c.file.Close()) }
