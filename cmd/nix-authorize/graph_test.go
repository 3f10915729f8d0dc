package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// TestGraph: the history around a refusal, drawn for a terminal, as a picture and for
// programs, whatever the subjects of commits are.
func TestGraph(t *testing.T) {
	alice, mallory := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "mallory")
	h := newHistory(t, nixName, alice)
	h.Git("checkout", "--quiet", "-b", "side")
	h.CommitAs(alice, "side", "side\n")
	h.Write("file", "evil\n")
	h.Git("add", "file")
	bad := h.CommitIndexAs(mallory, "</text><script>\x1b[31m\u202e & more")
	h.Git("checkout", "--quiet", "main")
	h.CommitAs(alice, "main", "main\n")
	h.MergeAs(alice, "side")
	u := newUser(t, h.Dir)
	args := []string{"verify", "--no-cache", "--introduction", h.introduction, "--signer", alice.Fingerprint}

	text := u.run(append(args, "--graph")...)
	for _, want := range []string{"X  ", bad[:12] + " [refused: unauthorized]", "[introduction]", "|\\", "|/", `\u{1b}[31m\u{202e}`} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("the drawing lacks %q:\n%s", want, text.stdout)
		}
	}
	if text.exit != 1 || strings.ContainsAny(text.stdout, "\x1b\u202e") {
		t.Errorf("exit %d: %q", text.exit, text.stdout)
	}

	svg := u.run(append(args, "--graph=svg", "--report-only")...)
	if svg.exit != 0 || !strings.Contains(svg.stderr, "refused commit "+bad) {
		t.Errorf("exit %d: %s", svg.exit, svg.stderr)
	}
	decoder, circles := xml.NewDecoder(strings.NewReader(svg.stdout)), 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v: %s", err, svg.stdout)
		}
		if start, ok := token.(xml.StartElement); ok {
			switch start.Name.Local {
			case "script":
				t.Error("a subject has become an element")
			case "circle":
				circles++
			}
		}
	}
	if circles != 5 {
		t.Errorf("the picture has %d commits", circles)
	}

	if r := u.run(append(args, "--graph=svg", "--format", "json")...); r.exit != 2 {
		t.Errorf("a picture within JSON: exit %d", r.exit)
	}
}

// TestReportOnly: everything is reported, and the exit code is 0.
func TestReportOnly(t *testing.T) {
	alice := gittest.SSH(t, "ed25519", "alice")
	h := newHistory(t, nixName, alice)
	h.Commit("file", "unsigned\n")
	u := newUser(t, h.Dir)
	args := []string{"verify", "--report-only", "--introduction", h.introduction, "--signer", alice.Fingerprint}
	a := u.json(args...)
	if a.Exit != 0 || a.Outcome != "refused" || len(a.Refusals) != 1 {
		t.Errorf("%+v", a)
	}
	if r := u.run(args...); r.exit != 0 || !strings.Contains(r.stdout, "without --report-only it would be 1") {
		t.Errorf("exit %d: %s", r.exit, r.stdout)
	}
	// The introduction alone is authentic, and old.
	if r := u.run(append(args, "--max-age", "1h", h.introduction)...); r.exit != 0 || !strings.Contains(r.stderr, "longer ago than") {
		t.Errorf("exit %d: %s", r.exit, r.stderr)
	}
}
