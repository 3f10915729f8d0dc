package history

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// generated makes a history in segments of so many units.
func generated(t *testing.T, dir string, params Params, perSegment int) *Record {
	t.Helper()
	record, err := Load(dir, params)
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{dir: dir, record: record, perSegment: perSegment}
	if err := g.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return record
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func verdict(t *testing.T, dir string, record *Record) *authz.Report {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	settings := trust.Settings{Introduction: record.Introduction, Signer: record.Signer}
	v, err := verification.Prepare(repository, "", verification.Options{Settings: settings, Getenv: func(string) string { return "" }, NoCache: true, MaxRefusals: 1})
	if err != nil {
		t.Fatal(err)
	}
	tip, err := repository.Resolve("main")
	if err != nil {
		t.Fatal(err)
	}
	report, err := v.Verifier(nil).Verify(t.Context(), tip.ID)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestHistories(t *testing.T) {
	for name, test := range map[string]struct {
		params                    Params
		commits, vouched, signers int
	}{
		"strict":  {Params{Rule: Strict, Commits: 200}, 200, 0, 120},
		"vouched": {Params{Rule: Vouched, Commits: 100, ByGit: 4}, 100, 100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "history.git")
			record := generated(t, dir, test.params, 1000)
			git(t, dir, "fsck", "--strict", "--full")
			report := verdict(t, dir, record)
			if report.Outcome() != authz.Authentic || report.Commits != test.commits || report.Vouched != test.vouched {
				t.Errorf("it is %+v, want authentic with %d commits of which %d vouched", report, test.commits, test.vouched)
			}
			if len(report.Signers) < test.signers {
				t.Errorf("%d keys have signed, want at least %d", len(report.Signers), test.signers)
			}
			if shape := git(t, dir, "ls-tree", "main"); strings.Count(shape, "\n") != 40 {
				t.Errorf("the root has %d entries:\n%s", strings.Count(shape, "\n"), shape)
			}
			if packs := record.Packs; len(packs) != 2 && test.params.Commits > 100 || packs[len(packs)-1].Commits != test.commits {
				t.Errorf("packs: %+v, want one up to 100 commits before the end and one behind", packs)
			}
			count := strings.TrimSpace(git(t, dir, "rev-list", "--count", "--first-parent", record.Before[100]+"..main"))
			if want := map[string]string{Strict: "85", Vouched: "100"}[test.params.Rule]; count != want {
				t.Errorf("the last 100 have %s first parents, want %s", count, want)
			}
		})
	}
}

// A run that was ended behind a segment leaves a history that the next one continues
// as if nothing had happened; so it does with what was half written.
func TestResume(t *testing.T) {
	for _, params := range []Params{{Rule: Strict, Commits: 60}, {Rule: Vouched, Commits: 3, ByGit: 100}} {
		t.Run(params.Rule, func(t *testing.T) {
			whole := generated(t, filepath.Join(t.TempDir(), "whole.git"), params, 2)

			dir := filepath.Join(t.TempDir(), "resumed.git")
			record, err := Load(dir, params)
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			g := &generator{dir: dir, record: record, perSegment: 2}
			if err := g.run(ctx, func(*Record) { end() }); err == nil || record.Units != 2 {
				t.Fatalf("it ended with %v after %d units, want 2", err, record.Units)
			}
			left := filepath.Join(dir, "objects", "pack", "tmp_pack_left")
			if err := os.WriteFile(left, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if resumed := generated(t, dir, params, 2); resumed.Tip != whole.Tip || !resumed.Finished() {
				t.Errorf("resumed: %+v\nwhole: %+v", resumed, whole)
			}
			if _, err := os.Stat(left); err == nil {
				t.Error("what was half written is still there")
			}
			git(t, dir, "fsck", "--strict", "--full")
			if _, err := Load(dir, Params{Rule: Strict, Commits: 1}); err == nil {
				t.Error("another history in the same place is no error")
			}
		})
	}
}

// A run can be ended when a pack is in its place and the record does not know of it yet.
func TestResumeBeforeTheRecord(t *testing.T) {
	dir, params := filepath.Join(t.TempDir(), "history.git"), Params{Rule: Strict, Commits: 50}
	ctx, end := context.WithCancel(t.Context())
	g := &generator{dir: dir, perSegment: 2}
	var err error
	if g.record, err = Load(dir, params); err != nil {
		t.Fatal(err)
	}
	g.run(ctx, func(*Record) { end() }) // its error is that it has ended
	name := filepath.Join(dir, recordName)
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	whole := generated(t, dir, params, 2)
	if err := os.WriteFile(name, old, 0o644); err != nil {
		t.Fatal(err)
	}
	if again := generated(t, dir, params, 2); !reflect.DeepEqual(again, whole) {
		t.Errorf("again: %+v\nbefore: %+v", again, whole)
	}
	git(t, dir, "fsck", "--strict", "--full")
}

// Each round has its authorizations file, and nobody who signs is missing from it.
func TestAuthorizationsChange(t *testing.T) {
	crowd, err := theCrowd()
	if err != nil {
		t.Fatal(err)
	}
	for epoch := range 700 {
		came, went := 0, 0
		for person := range people {
			switch now, then := listed(person, epoch+1), listed(person, epoch); {
			case now && !then:
				came++
			case then && !now:
				went++
			}
		}
		if came != 1 || went != 1 {
			t.Fatalf("with epoch %d came %d and went %d", epoch+1, came, went)
		}
		for number := range 50 {
			crowd.signer(epoch*50+number, epoch) // ends only if there is somebody
		}
	}
}
