package hook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// A guarded is a repository with an introduction in which main is protected. No hook
// is in place: the tests say what git would.
type guarded struct {
	*gittest.Repo
	t        *testing.T
	alice    *gittest.Key
	start    string // the introduction
	good     string // a signed commit on it
	unsigned string // one that is not signed
	env      map[string]string
}

func newGuarded(t *testing.T, args ...string) *guarded {
	t.Helper()
	g := &guarded{Repo: gittest.New(t, args...), t: t, alice: gittest.SSH(t, "ed25519", "alice")}
	g.env = map[string]string{"HOME": t.TempDir()}
	g.start = g.CommitAs(g.alice, ".nix-authorizations", "version: 1\nkeys:\n  - name: alice\n    ssh: "+g.alice.Public+"\n")
	g.good = g.CommitAs(g.alice, "file", "1\n")
	g.unsigned = g.Commit("file", "2\n")
	g.Git("reset", "--quiet", "--hard", g.good)
	g.trust("nix-authorize")
	g.Git("config", "nix-authorize.protect", "main")
	return g
}

// trust records the introduction in a section of the configuration.
func (g *guarded) trust(section string) {
	g.Git("config", section+".introduction", g.start)
	g.Git("config", section+".signer", g.alice.Fingerprint)
}

// run is a hook that is told lines, and what it says: "authentic", or for each veto
// the ref and why.
func (g *guarded) run(name Name, lines ...string) string {
	g.t.Helper()
	var said []string
	r := g.hook(name)
	r.Veto = func(v Veto) { said = append(said, describe(v)) }
	class, err := r.Do(context.Background(), strings.NewReader(strings.Join(append(lines, ""), "\n")))
	if err != nil {
		return "error: " + err.Error()
	}
	if (class == outcome.Authentic) != (len(said) == 0) {
		g.t.Errorf("class %+v, vetoes %q", class, said)
	}
	if len(said) == 0 {
		return "authentic"
	}
	return strings.Join(said, ", ")
}

func (g *guarded) hook(name Name) *Run {
	r := &Run{Name: name, Dir: g.Dir, Getenv: func(name string) string { return g.env[name] }, Veto: func(Veto) {}}
	if name == ReferenceTransaction {
		r.Args = []string{"prepared"}
	}
	return r
}

// describe is the ref of a veto and the word for its reason.
func describe(v Veto) string {
	if v.Err == nil {
		if len(v.Report.Refusals) > 0 {
			return v.Ref + " " + string(v.Report.Refusals[0].Reason)
		}
		return v.Ref + " " + string(v.Report.Unchecked[0].Reason)
	}
	classed := outcome.From(v.Err)
	return strings.TrimSpace(v.Ref + " " + classed.Class.Name + " " + string(classed.Reason))
}

func to(ref, value string) string { return zeros + " " + value + " " + ref }

func pushed(ref, value string) string {
	return "refs/heads/any " + value + " " + ref + " " + zeros
}

// TestRun has what each hook says about updates.
func TestRun(t *testing.T) {
	g := newGuarded(t)
	g.Git("branch", "side", g.unsigned)
	tests := []struct {
		name  string
		hook  Name
		lines []string
		want  string
	}{
		{"signed", ReferenceTransaction, []string{to("refs/heads/main", g.good)}, "authentic"},
		{"unsigned", ReferenceTransaction, []string{to("refs/heads/main", g.unsigned)}, "refs/heads/main unsigned"},
		{"with HEAD", ReferenceTransaction, []string{to("HEAD", g.unsigned), to("refs/heads/main", g.unsigned)}, "refs/heads/main unsigned"},
		{"HEAD alone", ReferenceTransaction, []string{to("HEAD", g.unsigned)}, "authentic"},
		{"tracking", ReferenceTransaction, []string{to("refs/remotes/origin/main", g.unsigned)}, "refs/remotes/origin/main unsigned"},
		{"other branch", ReferenceTransaction, []string{to("refs/heads/topic", g.unsigned)}, "authentic"},
		{"tag", ReferenceTransaction, []string{to("refs/tags/main", g.unsigned)}, "authentic"},
		{"deletion", ReferenceTransaction, []string{g.good + " " + zeros + " refs/heads/main"}, "authentic"},
		{"back", ReferenceTransaction, []string{to("refs/heads/main", g.start)}, "authentic"},
		{"several", ReferenceTransaction, []string{to("refs/heads/topic", g.unsigned), to("refs/remotes/a/main", g.good), to("refs/remotes/b/main", g.unsigned), to("refs/remotes/c/main", g.unsigned)},
			"refs/remotes/b/main unsigned, refs/remotes/c/main unsigned"},
		{"no such commit", ReferenceTransaction, []string{to("refs/heads/main", some)}, "refs/heads/main missing-object"},
		{"no id", ReferenceTransaction, []string{to("refs/heads/main", "123")}, "error: git tells the hook \"refs/heads/main 123\", which this version does not understand"},
		{"SHA-256", ReferenceTransaction, []string{to("refs/heads/main", strings.Repeat("a", 64))}, "error: git tells the hook \"refs/heads/main " + strings.Repeat("a", 64) + "\", which this version does not understand"},
		{"symbolic ref to an unprotected branch", ReferenceTransaction, []string{to("refs/heads/main", "ref:refs/heads/side")}, "refs/heads/main usage"},
		{"symbolic ref to a protected branch", ReferenceTransaction, []string{to("refs/remotes/origin/main", "ref:refs/remotes/upstream/main")}, "authentic"},
		{"symbolic HEAD", ReferenceTransaction, []string{"ref:refs/heads/main ref:refs/heads/side HEAD"}, "authentic"},
		{"symbolic HEAD of a remote", ReferenceTransaction, []string{to("refs/remotes/origin/HEAD", "ref:refs/remotes/origin/side")}, "authentic"},
		{"nothing", ReferenceTransaction, nil, "authentic"},

		{"push", PrePush, []string{pushed("refs/heads/main", g.good)}, "authentic"},
		{"push of an unsigned commit", PrePush, []string{pushed("refs/heads/topic", g.unsigned), pushed("refs/heads/main", g.unsigned)}, "refs/heads/main unsigned"},
		{"push that goes back", PrePush, []string{pushed("refs/heads/main", g.start)}, "authentic"},
		{"push elsewhere", PrePush, []string{"refs/heads/main " + g.unsigned + " refs/heads/topic " + zeros}, "authentic"},
		{"push that deletes", PrePush, []string{"(delete) " + zeros + " refs/heads/main " + g.good}, "authentic"},
		// The same as what the branch is here, and yet not pushed before.
		{"push of a bad branch", PrePush, []string{pushed("refs/heads/main", g.unsigned)}, "refs/heads/main unsigned"},

		{"received", PreReceive, []string{to("refs/heads/main", g.good)}, "authentic"},
		{"unsigned received", PreReceive, []string{to("refs/heads/main", g.unsigned), to("refs/tags/v1", g.unsigned)}, "refs/heads/main unsigned"},
		{"no merge", PreReceive, []string{to("ORIG_HEAD", g.good)}, "authentic"},
		{"not a hook", "post-merge", nil, `error: there is no hook "post-merge"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := g.run(test.hook, test.lines...); got != test.want {
				t.Errorf("%s instead of %s", got, test.want)
			}
		})
	}
}

// TestRunStates has the states of a transaction of which only one can be vetoed.
func TestRunStates(t *testing.T) {
	g := newGuarded(t)
	for args, want := range map[string]bool{"prepared": true, "committed": false, "preparing": false, "aborted": false} {
		r := g.hook(ReferenceTransaction)
		r.Args = []string{args}
		class, err := r.Do(t.Context(), strings.NewReader(to("refs/heads/main", g.unsigned)+"\n"))
		if (class == outcome.Refused) != want || err != nil {
			t.Errorf("%s: %+v, %v", args, class, err)
		}
	}
	r := g.hook(ReferenceTransaction)
	r.Args = nil
	if _, err := r.Do(t.Context(), strings.NewReader("")); err == nil {
		t.Error("no state is accepted")
	}
}

// TestRunUnchanged has a branch that is bad already: git writes its refs once more
// when it packs them.
func TestRunUnchanged(t *testing.T) {
	g := newGuarded(t)
	g.Git("update-ref", "refs/heads/main", g.unsigned)
	if got := g.run(ReferenceTransaction, to("refs/heads/main", g.unsigned)); got != "authentic" {
		t.Error(got)
	}
	if got := g.run(ReferenceTransaction, to("refs/remotes/origin/main", g.unsigned)); got == "authentic" {
		t.Error("another ref gets the same commit")
	}
}

// TestRunOnce has many refs with few commits: each commit is judged once.
func TestRunOnce(t *testing.T) {
	g := newGuarded(t)
	g.Git("config", "nix-authorize.protect", "*")
	g.trust("nix-authorize.extra") // the same policy, recorded for one branch
	var lines []string
	for i := range 500 {
		lines = append(lines, to(fmt.Sprintf("refs/heads/b%d", i), g.good), to(fmt.Sprintf("refs/heads/c%d", i), g.unsigned))
	}
	lines = append(lines, to("refs/heads/extra", g.unsigned))
	var judged []string
	vetoes := 0
	r := g.hook(PreReceive)
	r.Observe = func(e authz.Event) {
		if v, ok := e.(*authz.Verdict); ok && v.Commit.String() != g.start {
			judged = append(judged, v.Commit.String())
		}
	}
	r.Veto = func(v Veto) { vetoes++ }
	class, err := r.Do(t.Context(), strings.NewReader(strings.Join(lines, "\n")))
	if class != outcome.Refused || err != nil || vetoes != 501 {
		t.Errorf("%+v, %v, %d vetoes", class, err, vetoes)
	}
	slices.Sort(judged)
	if unique := slices.Compact(slices.Clone(judged)); len(unique) != len(judged) || !slices.Contains(judged, g.unsigned) {
		t.Errorf("judged: %q", judged)
	}
}

// TestRunOwnIntroduction has branches with different introductions.
func TestRunOwnIntroduction(t *testing.T) {
	g := newGuarded(t)
	bob := gittest.SSH(t, "ed25519", "bob")
	g.Git("checkout", "--quiet", "--orphan", "stable")
	other := g.CommitAs(bob, ".nix-authorizations", "version: 1\nkeys:\n  - name: bob\n    ssh: "+bob.Public+"\n")
	g.Git("config", "nix-authorize.stable.introduction", other)
	g.Git("config", "nix-authorize.stable.signer", bob.Fingerprint)
	for _, test := range []struct{ line, want string }{
		{to("refs/heads/stable", other), "authentic"},
		{to("refs/remotes/origin/stable", other), "authentic"},
		{to("refs/remotes/origin/stable", g.good), "refs/remotes/origin/stable not-descendant"},
		{to("refs/heads/main", other), "refs/heads/main not-descendant"},
		{to("refs/heads/main", g.good), "authentic"},
	} {
		if test.line == to("refs/heads/stable", other) {
			g.Git("update-ref", "-d", "refs/heads/stable")
		}
		if got := g.run(ReferenceTransaction, test.line); got != test.want {
			t.Errorf("%s: %s instead of %s", test.line, got, test.want)
		}
	}
	if got := g.run(ReferenceTransaction, to("refs/heads/main", g.good), to("refs/remotes/a/stable", other), to("refs/remotes/a/main", other)); got != "refs/remotes/a/main not-descendant" {
		t.Error(got)
	}
}

// TestRunMisconfigured has introductions that are no good. A protected branch must not
// move then, and all else must.
func TestRunMisconfigured(t *testing.T) {
	tests := []struct {
		name string
		set  []string // for git config
		want string
	}{
		{"no signer", []string{"--unset", "nix-authorize.signer"}, "refs/heads/main usage"},
		{"no commit", []string{"--unset", "nix-authorize.introduction"}, "refs/heads/main usage"},
		{"half an id", []string{"nix-authorize.introduction", "1234"}, "refs/heads/main usage"},
		{"missing commit", []string{"nix-authorize.introduction", some}, "refs/heads/main could-not-check missing-object"},
		{"no such keyring", []string{"nix-authorize.keyring", "nowhere"}, "refs/heads/main usage"},
		{"no such file", []string{"nix-authorize.authorizations", "MAINTAINERS"}, "refs/heads/main usage"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newGuarded(t)
			g.Git(append([]string{"config"}, test.set...)...)
			if got := g.run(ReferenceTransaction, to("refs/heads/main", g.start)); got != test.want {
				t.Errorf("%s instead of %s", got, test.want)
			}
			if got := g.run(ReferenceTransaction, to("refs/heads/topic", g.unsigned)); got != "authentic" {
				t.Errorf("an unprotected branch: %s", got)
			}
		})
	}
}

// TestRunUnconfigured has repositories without an introduction, which hooks that are
// shared by all repositories meet. Some cannot even be read.
func TestRunUnconfigured(t *testing.T) {
	for name, args := range map[string][]string{"usual": nil, "SHA-256": {"--object-format=sha256"}} {
		t.Run(name, func(t *testing.T) {
			emptyHome(t)
			r := gittest.New(t, args...)
			g := &guarded{Repo: r, t: t}
			commit := r.Commit("file", "")
			line := to("refs/remotes/origin/main", commit)
			if got := g.run(ReferenceTransaction, line); got != "authentic" {
				t.Error(got)
			}
			r.Git("config", "nix-authorize.introduction", commit)
			r.Git("config", "nix-authorize.protect", "main")
			if got := g.run(ReferenceTransaction, line); got == "authentic" {
				t.Error("with an introduction it passes")
			}
		})
	}
	g := &guarded{Repo: gittest.At(t, t.TempDir()), t: t}
	emptyHome(t)
	if got := g.run(ReferenceTransaction, to("refs/heads/main", some)); got != "authentic" {
		t.Errorf("where there is no repository: %s", got)
	}
}

// TestRunDamaged has a repository that cannot be read and may have an introduction.
func TestRunDamaged(t *testing.T) {
	emptyHome(t)
	g := newGuarded(t)
	config := filepath.Join(g.Dir, ".git", "config")
	write(t, config, read(t, config)+"[broken\n", 0o644)
	if got := g.run(ReferenceTransaction, to("refs/heads/main", g.good)); !strings.HasPrefix(got, "error: ") {
		t.Error(got)
	}
	if got := g.run(ReferenceTransaction, to("refs/tags/v1", g.good)); got != "authentic" {
		t.Errorf("a tag: %s", got)
	}
}

// TestRunFails has what is no verdict.
func TestRunFails(t *testing.T) {
	g := newGuarded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.hook(PrePush).Do(ctx, strings.NewReader(pushed("refs/heads/main", g.good)+"\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(to("refs/heads/main", g.good)+"\n"), failing{})
	if _, err := g.hook(PreReceive).Do(t.Context(), broken); !errors.Is(err, os.ErrClosed) {
		t.Errorf("when git cannot be heard: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrClosed }

// TestRunCache has a home in which authentic tips are remembered, and none.
func TestRunCache(t *testing.T) {
	g := newGuarded(t)
	count := func() int {
		n := 0
		r := g.hook(ReferenceTransaction)
		r.Observe = func(e authz.Event) {
			if v, ok := e.(*authz.Verdict); ok && v.Commit.String() == g.good {
				n++
			}
		}
		if class, err := r.Do(t.Context(), strings.NewReader(to("refs/remotes/o/main", g.good)+"\n")); class != outcome.Authentic || err != nil {
			t.Errorf("%+v, %v", class, err)
		}
		return n
	}
	if n := count(); n != 1 {
		t.Errorf("judged %d times at first", n)
	}
	if n := count(); n != 0 {
		t.Errorf("judged %d times although it is known", n)
	}
	g.env = nil
	if n := count(); n != 1 {
		t.Errorf("judged %d times without a home", n)
	}
}

// TestRunKeys has a branch that comes with the keys that it needs.
func TestRunKeys(t *testing.T) {
	g := newGuarded(t)
	bob := gittest.PGP(t, "ed25519", "bob")
	g.CommitAs(g.alice, ".nix-authorizations", "version: 1\nkeys:\n  - name: alice\n    ssh: "+g.alice.Public+"\n  - name: bob\n    openpgp: "+bob.Fingerprint+"\n")
	tip := g.CommitAs(bob, "file", "3\n")
	keys := g.CommitFiles(map[string]string{bob.File(): bob.Public})
	g.Git("reset", "--quiet", "--hard", g.good)
	for _, test := range []struct {
		name  string
		hook  Name
		lines []string
		want  string
	}{
		{"alone", ReferenceTransaction, []string{to("refs/heads/main", tip)}, "refs/heads/main unknown-key"},
		{"with the keyring", ReferenceTransaction, []string{to("refs/heads/main", tip), to("refs/heads/keyring", keys)}, "authentic"},
		{"behind the keyring", PreReceive, []string{to("refs/heads/keyring", keys), to("refs/heads/main", tip)}, "authentic"},
		{"with the remote's", ReferenceTransaction, []string{to("refs/remotes/origin/main", tip), to("refs/remotes/origin/keyring", keys)}, "authentic"},
		{"with another branch", ReferenceTransaction, []string{to("refs/heads/main", tip), to("refs/heads/keys", keys)}, "refs/heads/main unknown-key"},
	} {
		g.env = map[string]string{"HOME": t.TempDir()}
		if got := g.run(test.hook, test.lines...); got != test.want {
			t.Errorf("%s: %s instead of %s", test.name, got, test.want)
		}
	}
}

// TestRunIncoming has what git says when it is about to merge.
func TestRunIncoming(t *testing.T) {
	g := newGuarded(t)
	fetched := filepath.Join(g.Dir, ".git", "FETCH_HEAD")
	tests := []struct {
		name, fetchHead string
		merging         string
		want            string
	}{
		{"what was fetched", g.unsigned + "\t\tbranch 'main' of x", g.unsigned, "refs/heads/main unsigned"},
		{"the remote's HEAD", g.unsigned + "\t\tx", g.unsigned, "refs/heads/main unsigned"},
		{"not for merge", g.unsigned + "\tnot-for-merge\tbranch 'main' of x", g.unsigned, "refs/heads/main unsigned"},
		{"good", g.good + "\t\tbranch 'main' of x", g.good, "authentic"},
		{"something else is fetched", g.good + "\t\tbranch 'main' of x", g.unsigned, "authentic"},
		{"something else is merged", g.unsigned + "\t\tbranch 'main' of x", g.good, "authentic"},
		{"another branch", g.unsigned + "\t\tbranch 'topic' of x", g.unsigned, "authentic"},
		{"no merge", g.unsigned + "\t\tbranch 'main' of x", "", "authentic"},
		{"several", g.good + "\t\tbranch 'main' of x\n" + g.unsigned + "\tnot-for-merge\tbranch 'main' of y", g.unsigned, "refs/heads/main unsigned"},
		{"nothing fetched", "", g.unsigned, "authentic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			write(t, fetched, test.fetchHead+"\n", 0o644)
			g.env = map[string]string{"HOME": t.TempDir()}
			if test.merging != "" {
				g.env["GITHEAD_"+test.merging] = "x"
			}
			if got := g.run(ReferenceTransaction, to("ORIG_HEAD", g.start)); got != test.want {
				t.Errorf("%s instead of %s", got, test.want)
			}
		})
	}
	write(t, fetched, g.unsigned+"\t\tbranch 'trunk' of x\n", 0o644)
	g.env["GITHEAD_"+g.unsigned] = "x"
	if got := g.run(ReferenceTransaction, to("ORIG_HEAD", g.start)); got != "authentic" {
		t.Error(got)
	}
	g.Git("config", "branch.main.merge", "refs/heads/trunk")
	if got := g.run(ReferenceTransaction, to("ORIG_HEAD", g.start)); got != "refs/heads/main unsigned" {
		t.Errorf("the branch that main follows: %s", got)
	}
	g.Git("checkout", "--quiet", "-b", "topic")
	if got := g.run(ReferenceTransaction, to("ORIG_HEAD", g.start)); got != "authentic" {
		t.Errorf("on another branch: %s", got)
	}
	g.Git("checkout", "--quiet", "--detach")
	if got := g.run(ReferenceTransaction, to("ORIG_HEAD", g.start)); got != "authentic" {
		t.Errorf("on no branch: %s", got)
	}
}
