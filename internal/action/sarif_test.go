package action_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// checkSARIF validates a document against the schema of OASIS, and wants a result.
func checkSARIF(t testing.TB, content, rule string) {
	t.Helper()
	strict := json.NewDecoder(strings.NewReader(content))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(sarif.Report)); err != nil {
		t.Error(err)
	}
	doc, err := sarif.FromBytes([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	// What a document leaves out has these values by the standard; the library
	// writes it out, and its empty strings are not allowed.
	language := "en-US"
	for _, run := range doc.Runs {
		run.Language, run.Tool.Driver.Language, run.NewlineSequences = language, language, []string{"\r\n", "\n"}
	}
	if err := doc.Validate(); err != nil {
		t.Error(err)
	}
	for _, result := range doc.Runs[0].Results {
		if result.RuleID != nil && *result.RuleID == rule {
			return
		}
	}
	t.Errorf("no result for %s: %s", rule, content)
}
