package report

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/nix-authorize/nix-authorize/authz"
)

// When progress is shown: nothing for a verdict that comes at once, and on what
// is no terminal a plain line now and then.
const (
	firstAfter = 500 * time.Millisecond
	plainEvery = 10 * time.Second
	barEvery   = 100 * time.Millisecond
)

// progress shows how far the engine is. The zero value has shown nothing yet.
type progress struct {
	begun, shown time.Time
	stage        string                   // that is being shown
	bar          *progressbar.ProgressBar // nil on what is no terminal
}

func (p *progress) show(w io.Writer, e authz.Event) {
	stage, done, total := stageOf(e)
	if stage == "" {
		return
	}
	now := time.Now()
	if p.begun.IsZero() {
		p.begun, p.shown = now, now
	}
	if stage != p.stage {
		p.begin(w, stage, total)
	}
	switch since := now.Sub(p.shown); {
	case p.bar == nil && since >= plainEvery:
		p.shown = now
		fmt.Fprintln(w, plainProgress(stage, done, total))
	case p.bar != nil && since >= barEvery && now.Sub(p.begun) >= firstAfter:
		p.shown = now
		_ = p.bar.Set(done) // a terminal that is gone is no reason to stop
	}
}

// unknown is the total of a stage of which nobody knows how long it is.
const unknown = -1

// stageOf says what the engine is at, and how far. The stage is empty for events
// that are no progress.
func stageOf(e authz.Event) (stage string, done, total int) {
	switch e := e.(type) {
	case authz.Walking:
		return "checking", e.Found, unknown
	case authz.Judging:
		return "judging", e.Done, e.Total
	}
	return "", 0, 0
}

func plainProgress(stage string, done, total int) string {
	if total == unknown {
		return fmt.Sprintf("%s: %d commits so far", stage, done)
	}
	return fmt.Sprintf("%s: %d of %d commits", stage, done, total)
}

// begin takes up a stage. The rate that its bar shows counts from here.
func (p *progress) begin(w io.Writer, stage string, total int) {
	p.clear()
	p.stage = stage
	if IsTerminal(w) {
		p.bar = newBar(w, total, stage)
		p.bar.StartWithoutRender()
	}
}

func newBar(w io.Writer, total int, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("commits"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish(),
		// Otherwise a goroutine draws the bar, when it has been cleared too.
		progressbar.OptionSetSpinnerChangeInterval(0),
	)
}

// clear takes the bar off the terminal before something else is written there.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar, p.stage = nil, ""
	}
}
