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
	bar          *progressbar.ProgressBar
	walking      bool // the bar is that of the walk, which has no end
}

func (p *progress) show(w io.Writer, e authz.Event) {
	now := time.Now()
	if p.begun.IsZero() {
		p.begun = now
	}
	if now.Sub(p.begun) < firstAfter || now.Sub(p.shown) < barEvery {
		return
	}
	if IsTerminal(w) {
		p.shown = now
		p.showBar(w, e)
		return
	}
	if p.shown.IsZero() {
		p.shown = p.begun
	}
	if now.Sub(p.shown) >= plainEvery {
		p.shown = now
		fmt.Fprintln(w, plainProgress(e))
	}
}

func plainProgress(e authz.Event) string {
	switch e := e.(type) {
	case authz.Walking:
		return fmt.Sprintf("reading history: %d commits found", e.Found)
	case authz.Judging:
		return fmt.Sprintf("verifying: %d of %d commits", e.Done, e.Total)
	}
	return ""
}

func (p *progress) showBar(w io.Writer, e authz.Event) {
	switch e := e.(type) {
	case authz.Walking:
		if p.bar == nil {
			p.bar, p.walking = newBar(w, -1, "reading history"), true
		}
		_ = p.bar.Set(e.Found) // a terminal that is gone is no reason to stop
	case authz.Judging:
		if p.bar == nil || p.walking {
			p.clear()
			p.bar, p.walking = newBar(w, e.Total, "verifying"), false
		}
		_ = p.bar.Set(e.Done)
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
	)
}

// clear takes the bar off the terminal before something else is written there.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
