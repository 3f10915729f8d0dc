package report

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/floor"
	"github.com/nix-authorize/nix-authorize/bench/measure"
	"github.com/nix-authorize/nix-authorize/bench/process"
)

func cost(wall time.Duration, megabytes int64) process.Cost {
	return process.Cost{Wall: wall, CPU: 2 * wall, Memory: megabytes * 1_000_000}
}

// example are results in which everything has been measured.
func example() *measure.Results {
	history := func(commits int) measure.History {
		wall := time.Duration(commits) * 60 * time.Microsecond
		return measure.History{
			Name: "generated, strict", Generated: true, Length: commits, Commits: commits - 540, Objects: 8 * commits,
			Signatures: map[string]int{"RSA-4096": commits - 540},
			Cold:       cost(wall, 100), Half: cost(2*wall, 90), Reading: cost(wall/4, 20), Signing: wall,
			Warm: cost(20*time.Millisecond, 30), New: &measure.New{Commits: 540, Cost: cost(90*time.Millisecond, 35)},
			Pull: []measure.Pull{{Commits: 540, Pull: cost(300*time.Millisecond, 40), Fetch: cost(200*time.Millisecond, 20)}},
		}
	}
	corpus := measure.History{Name: "guix", Length: 17952, Commits: 17952, Cold: cost(time.Second, 100), Reading: cost(time.Second, 20), GitLog: 5 * time.Millisecond}
	return &measure.Results{
		Machine:    measure.Machine{Processor: "A Processor", Cores: 2, Git: "2.39.5", Go: "1.26", System: "linux/amd64"},
		Operations: floor.Operations{"RSA-4096": 60 * time.Microsecond},
		Histories:  []measure.History{corpus, history(10_000), history(1_000_000)},
		Merges:     []measure.Merges{{Merges: 100_000, Cold: cost(25*time.Second, 120)}, {Merges: 500, ByGit: 100, Cold: cost(time.Second, 50), Each: 8 * time.Millisecond}},
		Others:     []measure.Other{{Name: "another", Note: "not installed here"}},
	}
}

func TestWrite(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(root, "README.md")
	if err := os.WriteFile(readme, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time over the outcome of the first
		if err := Write(root, example()); err != nil {
			t.Fatal(err)
		}
	}
	text := read(t, readme)
	for _, want := range []string{"before\n" + beginMark, endMark + "after\n", "| generated, strict | 999,460 | 60 s | 1.33 | 100 MB | 20 ms | 90 ms | 100 ms |"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("README.md does not have once %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "old") {
		t.Error("README.md still has the old table")
	}
	page := read(t, filepath.Join(root, "docs", "benchmarks.md"))
	for _, want := range []string{"](benchmarks.svg)", "| 500 | git | 1.0 s | 500 | 50 MB | 8.0 ms | 4.00 |", "| 100,000 | trees | 25 s | 4,000 |", "| guix | 17,952 | 0 | 1.0 s | 17,952 |",
		"| commits/s on guix, against 430 that Guix's own program judged (another run, two cores of an Intel Xeon) | 42 |", "| a commit of 1,000,000, against one of 10,000: time | 0.95 |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestReadmeWithoutMarks(t *testing.T) {
	for _, text := range []string{"", beginMark, endMark, endMark + beginMark} {
		if _, err := withTable(text, "table"); err == nil {
			t.Errorf("%q has a place for the table", text)
		}
	}
}

func TestPictureIsXML(t *testing.T) {
	for name, results := range map[string]*measure.Results{"full": example(), "empty": {Machine: measure.Machine{Cores: 1}}} {
		svg := picture(results)
		for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, svg)
			}
		}
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || strings.Contains(svg, "%!") {
			t.Errorf("%s has a place that is none:\n%s", name, svg)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(1000): "1,000", count(1234567): "1,234,567",
		duration(1500 * time.Nanosecond): "1.5 µs", duration(34 * time.Millisecond): "34 ms", duration(-2 * time.Millisecond): "-2.0 ms", duration(65 * time.Second): "65 s",
		megabytes(1_499_999): "1 MB", times(3*time.Second, 2*time.Second): "1.50", times(time.Second, 0): "–",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBusyMachine(t *testing.T) {
	for others, want := range map[float64]bool{0: false, 0.05: false, 1.2: true} {
		if text := machine(measure.Machine{Others: others}); strings.Contains(text, "too long") != want {
			t.Errorf("with %v cores for others: %s", others, text)
		}
	}
}
