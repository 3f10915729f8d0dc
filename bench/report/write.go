package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/bench/measure"
)

// The marks between which the table stands in README.md.
const (
	beginMark = "<!-- speed: begin, made by \"go run ./bench run\" -->\n"
	endMark   = "<!-- speed: end -->\n"
)

const (
	pageName    = "docs/benchmarks.md"
	pictureName = "benchmarks.svg"
)

// Write writes the page, the picture, and the table in README.md, all below root.
func Write(root string, r *measure.Results) error {
	readme := filepath.Join(root, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	changed, err := withTable(string(text), machine(r.Machine)+"\n\n"+short(r).markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	pageName := filepath.Join(root, pageName)
	files := map[string]string{
		readme:   changed,
		pageName: page(r, pictureName),
		filepath.Join(filepath.Dir(pageName), pictureName): picture(r),
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// withTable is the text with another table between the marks.
func withTable(text, table string) (string, error) {
	before, rest, begins := strings.Cut(text, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", fmt.Errorf("it lacks a line %q with a line %q behind", strings.TrimSpace(beginMark), strings.TrimSpace(endMark))
	}
	return before + beginMark + table + endMark + after, nil
}
