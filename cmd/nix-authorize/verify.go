package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/graph"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const verifyHelp = `Judge the history of REVISION (default: HEAD).

Every commit since the introduction must be signed by a key that the authorizations
file of each of its parents lists, and the introduction by exactly the signer that
you trust. Both come from the command line or from what "nix-authorize trust" or
"guix git authenticate" has recorded in the repository's configuration, never from
the history itself.

A second run judges only what is new; --no-cache judges everything again.

Exit codes: 0 authentic, 1 refused, 2 wrong usage or configuration, 4 stale: the tip
is older than --max-age, 5 could not check, 130 interrupted.`

func (a *app) verifyCommand() *cobra.Command {
	var (
		policy      policyFlags
		maxRefusals int
		stats       bool
		oldest      string
		picture     string
		reportOnly  bool
	)
	cmd := &cobra.Command{
		Use:   "verify [REVISION]",
		Short: "judge the history of a commit",
		Long:  verifyHelp,
		Example: `  nix-authorize verify
  nix-authorize verify origin/main --stats
  nix-authorize verify --introduction 9edb3f66fd807b096b48283debdcddccfea34bad \
      --signer "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA" \
      --authorizations .guix-authorizations`,
		Args: cobra.MaximumNArgs(1),
	}
	policy.add(cmd)
	a.addCPU(cmd)
	cmd.Flags().IntVar(&maxRefusals, "max-refusals", defaultMaxRefusals, "stop after `N` refused commits; 0 for no limit")
	cmd.Flags().BoolVar(&stats, "stats", false, "show how many commits each key has signed")
	cmd.Flags().StringVar(&oldest, "max-age", "", "refuse an authentic tip whose date is older than this `DURATION`, such as 14d or 36h")
	cmd.Flags().StringVar(&picture, "graph", "", "draw the history around what is refused: on the terminal, or with --graph=svg a picture on standard output")
	cmd.Flags().Lookup("graph").NoOptDefVal = "text"
	cmd.Flags().BoolVar(&reportOnly, "report-only", false, "report everything and exit with 0 whatever the verdict")
	cmd.Flags().BoolVar(&policy.noCache, "no-cache", false, "judge everything again and remember nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if maxRefusals < 0 {
			return errors.New("--max-refusals cannot be negative")
		}
		if picture != "" && picture != "text" && picture != "svg" || picture == "svg" && a.format != "text" {
			return errors.New("--graph takes text or, with --format text, svg")
		}
		return a.verify(cmd, revisionOr(args, "HEAD"), &policy, verifyFlags{maxRefusals, stats, oldest, picture, reportOnly})
	}
	return cmd
}

// defaultMaxRefusals is how many refused commits are shown.
const defaultMaxRefusals = 20

// verifyFlags are the flags that are verify's own.
type verifyFlags struct {
	maxRefusals int
	stats       bool
	maxAge      string
	graph       string // "", "text" or "svg"
	reportOnly  bool
}

func (a *app) verify(cmd *cobra.Command, name string, policy *policyFlags, flags verifyFlags) error {
	canvas := a.stdout
	if flags.graph == "svg" { // the picture alone is on standard output
		a.stdout = a.stderr
	}
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	s, err := a.subject(cmd, policy, name, flags.maxRefusals)
	if err != nil {
		return err
	}
	limit, err := maxAge(flags.maxAge, s.Repository, s.revision.Branch, 0)
	if err != nil {
		return err
	}
	show.Handle(s.started())
	recorder := graph.NewRecorder(s.Policy.Introduction.Commit)
	judged, uncached, err := s.Judge(cmd.Context(), s.revision.ID, func(e authz.Event) {
		show.Handle(report.Progress{Event: e})
		if flags.graph != "" {
			recorder.Observe(e)
		}
	})
	if err != nil {
		return err
	}
	if uncached != nil {
		show.Handle(report.Warning(verification.NotCached(uncached)))
	}
	if judged.Outcome() == authz.Authentic {
		if err := s.CheckAge(cmd.Context(), s.revision.ID, limit); err != nil {
			stale := outcome.From(err)
			if stale.Class != outcome.Stale || !flags.reportOnly {
				return err
			}
			show.Handle(report.Warning{Code: string(stale.Reason), Text: stale.Error(), Hint: stale.Hint})
		}
	}
	for _, warning := range s.Concerns(s.revision.ID) {
		show.Handle(report.Warning(warning))
	}
	finished := report.Finished{Report: judged, Stats: flags.stats, ReportOnly: flags.reportOnly}
	if flags.graph != "" {
		if finished.Graph, err = s.around(recorder); err != nil {
			return err
		}
	}
	if flags.graph == "svg" {
		if err := report.DrawSVG(canvas, finished.Graph); err != nil {
			return err
		}
		finished.Graph = nil
	}
	show.Handle(finished)
	if flags.reportOnly {
		return nil
	}
	return verdict(outcome.Of(judged.Outcome()))
}

// around is the part of the history around what is not authentic.
func (s *subject) around(recorder *graph.Recorder) ([]graph.Node, error) {
	source, err := s.Repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	return recorder.Around(reader, s.revision.ID), nil
}

// revisionOr is the revision in the arguments, or the default.
func revisionOr(args []string, name string) string {
	if len(args) > 0 {
		return args[0]
	}
	return name
}
