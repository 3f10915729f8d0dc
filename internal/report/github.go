package report

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// GitHub is the handler for workflows on GitHub: at the end it writes annotations to
// the log, the summary of the job, and the outputs of the step.
type GitHub struct {
	collector
	log     io.Writer
	resume  string
	summary string
	output  string
	// ReportFile and SARIFFile are where others write; they become outputs.
	ReportFile, SARIFFile string
}

// NewGitHub begins to write to the log of a workflow. What others write to the Writer
// that it returns is shown there and is no command, whatever it says.
func NewGitHub(log io.Writer, getenv func(string) string) (*GitHub, io.Writer, error) {
	g := &GitHub{log: log, resume: rand.Text(), summary: getenv("GITHUB_STEP_SUMMARY"), output: getenv("GITHUB_OUTPUT")}
	_, err := fmt.Fprintf(log, "::stop-commands::%s\n", g.resume)
	return g, Inert{log}, err
}

// Handle implements Handler.
func (g *GitHub) Handle(e Event) { g.collect(e) }

// Close implements Handler.
func (g *GitHub) Close() error {
	_, err := fmt.Fprintf(g.log, "::%s::\n", g.resume)
	return errors.Join(err, annotate(g.log, g.findings), appendTo(g.summary, g.markdown()), appendTo(g.output, g.outputs()))
}

// appendTo adds to a file that GitHub has made; an empty name is none.
func appendTo(path, text string) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	return errors.Join(err, file.Close())
}

// outputs are those of the step. Values end where a word stands that nobody could
// guess (GitHub Docs, "Multiline strings").
func (g *GitHub) outputs() string {
	var b strings.Builder
	for _, o := range g.values() {
		end := "end_" + rand.Text()
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", o.name, end, Printable(o.value), end)
	}
	return b.String()
}

type output struct{ name, value string }

func (g *GitHub) values() []output {
	first, count := "", 0
	if g.checked != nil {
		refusals := g.checked.refusals()
		if count = len(refusals); count > 0 {
			first = refusals[0].Commit.String()
		}
	}
	values := []output{
		{"verdict", g.verdict()}, {"refused-commit", first}, {"refused-count", strconv.Itoa(count)},
		{"report", g.ReportFile}, {"sarif-file", g.SARIFFile},
	}
	ready, needs, by := false, "", ""
	if g.checked != nil && g.checked.Check != nil {
		m := g.checked.Check
		if ready, needs = m.Ready(), string(m.Needs); ready {
			by = vouchedBy(m)
		}
	}
	return append(values, output{"ready", strconv.FormatBool(ready)}, output{"needs", needs}, output{"vouched-by", by})
}
