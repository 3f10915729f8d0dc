package report

import (
	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/pullrequest"
)

// Checked has the verdict on a merge that has not been made, or on what was merged.
type Checked struct {
	Request *pullrequest.Resolved
	// Check is the verdict on a merge, and Report that on a commit. A request of
	// the kind pullrequest.Nothing has neither.
	Check  *authz.MergeCheck
	Report *authz.Report
	// Did has what was fetched for it.
	Did []string
	// ReportOnly says that the exit code will be 0 whatever the verdict.
	ReportOnly bool
}

func (Checked) event() {}

// class is how a command ends that has this verdict.
func (c Checked) class() outcome.Class {
	switch {
	case c.Check != nil:
		return outcome.Of(c.Check.Outcome())
	case c.Report != nil:
		return outcome.Of(c.Report.Outcome())
	}
	return outcome.Authentic
}

func (c Checked) refusals() []*authz.Refusal {
	switch {
	case c.Check != nil:
		return c.Check.Refusals()
	case c.Report != nil:
		return c.Report.Refusals
	}
	return nil
}

func (c Checked) unchecked() []*authz.UncheckedError {
	switch {
	case c.Check != nil:
		return c.Check.UncheckedErrors()
	case c.Report != nil:
		return c.Report.Unchecked
	}
	return nil
}

// Class is the class in which a command ends with this verdict.
func (c Checked) Class() outcome.Class { return c.class() }

// Several handles each event by several handlers, in their order.
type Several []Handler

// Handle implements Handler.
func (s Several) Handle(e Event) {
	for _, h := range s {
		h.Handle(e)
	}
}

// Close closes all and returns the first error.
func (s Several) Close() error {
	var first error
	for _, h := range s {
		if err := h.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
