package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Several runs at once with one cache: each has its verdict, and the cache is whole.
func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	for i := range 5 {
		h.CommitAs(alice(t), "a", fmt.Sprint(i))
	}
	u := h.user()
	u.program = asProcess
	var runs sync.WaitGroup
	for i := range 8 {
		runs.Go(func() {
			revision := fmt.Sprintf("HEAD~%d", i%5)
			r := u.run(append([]string{"verify", revision}, h.flags()...)...)
			if r.exit != 0 || r.stderr != "" {
				t.Errorf("%s: exit code %d: %s%s", revision, r.exit, r.stdout, r.stderr)
			}
		})
	}
	runs.Wait()
	u.program = inProcess
	if a := h.verifyBy(u, "HEAD~2"); a.reason() != "authentic" || a.judged() != 0 {
		t.Errorf("what was judged is judged again: %+v", a)
	}
	wholeCache(t, u)
}

// wholeCache checks that a cache has its one file, perhaps with its lock, that the
// file is complete, and that nothing was left behind.
func wholeCache(t *testing.T, u user) {
	t.Helper()
	file := cacheFile(t, u)
	content, err := os.ReadFile(file)
	if err != nil || !strings.HasSuffix(string(content), "\nend\n") {
		t.Errorf("the cache has %q, %v", content, err)
	}
	names, err := filepath.Glob(filepath.Join(u.cacheDir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name != file && name != file+".lock" {
			t.Errorf("the cache has %s too", name)
		}
	}
}

// Killed at any moment, a run leaves behind a cache that is whole or is ignored, and
// the next run judges as if nothing had been.
func TestKilledRuns(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t), mallory(t))
	for i := range 10 {
		h.CommitAs(alice(t), "a", fmt.Sprint(i))
	}
	good := h.Git("rev-parse", "HEAD")
	bad := h.CommitAs(mallory(t), "evil", "1")
	program, err := released()
	if err != nil {
		t.Fatal(err)
	}
	u := h.user()
	for i := range 20 {
		cmd := u.command(program, append([]string{"verify", "-C", u.dir, fmt.Sprintf("HEAD~%d", 1+i%8)}, h.flags()...))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 2 * time.Millisecond) // any moment is a good one
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	want(t, h.verifyBy(u, "HEAD~9"), "authentic", "") // not among those that were killed
	want(t, h.verifyBy(u, good), "authentic", "")
	if a := h.verifyBy(u, good); a.reason() != "authentic" || a.judged() != 0 {
		t.Errorf("the cache does not work any more: %+v", a)
	}
	wholeCache(t, u)
	want(t, h.verifyBy(u), "unauthorized", bad)
}

// A trust that is killed has recorded all or nothing.
func TestKilledTrust(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	program, err := released()
	if err != nil {
		t.Fatal(err)
	}
	u := h.user()
	recorded, refused := 0, 0
	for i := range 12 {
		cmd := u.command(program, []string{"trust", "-C", u.dir, h.introduction, h.signer.Fingerprint})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 4 * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		values, _ := h.TryGit(nil, "config", "--get-regexp", `^nix-authorize\.`)
		switch len(strings.Split(values, "\n")) {
		case 1: // none at all
			refused++
			if values != "" {
				t.Fatalf("half of it is recorded: %q", values)
			}
		case 3: // introduction, signer, authorizations
			recorded++
		default:
			t.Fatalf("half of it is recorded: %q", values)
		}
		_, _ = h.TryGit(nil, "config", "--remove-section", "nix-authorize")
		os.Remove(filepath.Join(h.Dir, ".git", "config.lock")) // as its message says
	}
	t.Logf("%d were recorded and %d were not", recorded, refused)
}

// A user whose disk is full has the verdict, and is told that it was not remembered.
// An introduction is recorded whole or not at all.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	u := h.user()
	want(t, h.verifyBy(u, "HEAD^"), "authentic", "")
	cached, err := os.ReadFile(cacheFile(t, u))
	if err != nil {
		t.Fatal(err)
	}
	u.program = func(u user, args []string) result {
		return u.start("sh", append([]string{"-c", `ulimit -f 0; exec nix-authorize "$@"`, "sh"}, args...))
	}
	a := h.verifyBy(u)
	want(t, a, "authentic", "")
	if !a.warned("not-cached") {
		t.Errorf("the warnings are %+v", a.Warnings)
	}
	if now, err := os.ReadFile(cacheFile(t, u)); err != nil || !bytes.Equal(now, cached) {
		t.Errorf("the cache has become %q, %v", now, err)
	}
	wholeCache(t, u)

	config := filepath.Join(h.Dir, ".git", "config")
	before, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if a := u.json("trust", h.introduction, h.signer.Fingerprint); a.Exit != 5 || !strings.Contains(a.Error.Message, "recording the introduction") {
		t.Errorf("trust ends with %+v", a)
	}
	if now, err := os.ReadFile(config); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the configuration has become %q, %v", now, err)
	}
	if _, err := os.Stat(config + ".lock"); err == nil {
		t.Error("the lock of the configuration is left behind")
	}
}

// Where nothing can be cached, every run judges everything, and says why.
func TestHomeThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o700)
	for _, test := range []struct {
		name   string
		env    map[string]string
		warned bool
	}{
		{"home is a file", map[string]string{"HOME": file}, true},
		{"home is nowhere", map[string]string{"HOME": "/proc/nowhere"}, true},
		{"home may not be written", map[string]string{"HOME": closed}, os.Geteuid() != 0},
		{"no home", nil, false},
		{"relative home", map[string]string{"HOME": "home"}, false},
		{"relative cache", map[string]string{"XDG_CACHE_HOME": "cache"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := h.user()
			u.env = test.env
			for range 2 {
				a := h.verifyBy(u)
				want(t, a, "authentic", "")
				if a.warned("not-cached") != test.warned || test.warned && a.judged() != 1 {
					t.Errorf("%d were judged, and the warnings are %+v", a.judged(), a.Warnings)
				}
				if a := h.verifyBy(u, "--no-cache"); a.warned("not-cached") || a.judged() != 1 {
					t.Errorf("with --no-cache: %+v", a)
				}
			}
		})
	}
}

// A repository that is repacked meanwhile can be read all the time.
func TestRepackedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	for i := range 30 {
		h.CommitAs(alice(t), guixName, fmt.Sprintf("; %d\n%s", i, listing(guixName, alice(t))))
	}
	u := h.user()
	done := make(chan struct{})
	var repacking sync.WaitGroup
	repacking.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			cmd := exec.Command("git", "-c", fmt.Sprintf("pack.window=%d", i%10), "repack", "-adfq")
			cmd.Dir = h.Dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("git repack: %v\n%s", err, out)
				return
			}
		}
	})
	for range 15 {
		if a := h.verifyBy(u, "--no-cache"); a.reason() != "authentic" || a.judged() != 30 {
			t.Errorf("the verdict is %q: %+v", a.reason(), a)
		}
	}
	close(done)
	repacking.Wait()
}
