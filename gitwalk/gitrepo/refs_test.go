package gitrepo

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

func TestRef(t *testing.T) {
	r := newConfusing(t)
	names := strings.Fields(r.Git("for-each-ref", "--format=%(refname)"))
	names = append(names, "HEAD")
	for _, packed := range []bool{false, true} {
		if packed {
			r.Git("pack-refs", "--all")
		}
		bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
			for _, name := range names {
				want := r.Git("rev-parse", name)
				if got, ok, err := repo.Ref(name); err != nil || !ok || got.String() != want {
					t.Errorf("%s: %s, %t, %v", name, got, ok, err)
				}
			}
			for _, name := range []string{
				"refs/heads/nothing", "refs/heads/dangling", "refs/heads/feature", "refs/heads/main/x", "main", "heads/main", "", "ORIG_HEAD", "EVIL_HEAD",
				"refs/heads/../heads/main", "config", "refs/heads/m?in", "refs/heads/*", "refs/heads/main\x00", "-refs/heads/main", "refs/heads", "refs",
			} {
				if got, ok, err := repo.Ref(name); err != nil || ok || !got.IsZero() {
					t.Errorf("%q: %s, %t, %v", name, got, ok, err)
				}
			}
			if got, ok, err := repo.Ref("refs/tags/v1"); err != nil || !ok || got.String() == r.three {
				t.Errorf("a tag is peeled: %s, %t, %v", got, ok, err)
			}
		})
	}
}

func TestHeadBranch(t *testing.T) {
	r := small(t)
	for _, branch := range []string{"main", "side", "unborn/deep"} {
		r.Git("symbolic-ref", "HEAD", "refs/heads/"+branch)
		bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
			if got := repo.HeadBranch(); got != branch {
				t.Errorf("HEAD is on %q instead of %q", got, branch)
			}
		})
	}
	r.Git("checkout", "-qf", "--detach", "main")
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		if got := repo.HeadBranch(); got != "" {
			t.Errorf("HEAD is on %q", got)
		}
		if got, err := repo.Resolve("HEAD~1"); err != nil || got.Ref != "HEAD" || got.Branch != "" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestSymbolicRefsInARow(t *testing.T) {
	r := small(t)
	head := r.Git("rev-parse", "main")
	before := "refs/heads/main"
	for _, name := range []string{"refs/heads/s1", "refs/heads/s2", "refs/heads/s3", "refs/heads/s4"} {
		r.Git("symbolic-ref", name, before)
		before = name
	}
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		if got, ok, err := repo.Ref("refs/heads/s4"); err != nil || !ok || got.String() != head {
			t.Errorf("%s, %t, %v", got, ok, err)
		}
	})
	r.Git("symbolic-ref", "refs/heads/s5", before)
	r.Git("symbolic-ref", "refs/heads/loop", "refs/heads/pool")
	r.Git("symbolic-ref", "refs/heads/pool", "refs/heads/loop")
	repo := mustOpen(t, r.Dir)
	for _, name := range []string{"refs/heads/s5", "refs/heads/loop"} {
		if got, ok, err := repo.Ref(name); err == nil {
			t.Errorf("%s: %s, %t", name, got, ok)
		}
	}
}

// A ref of its own file counts before one in packed-refs, which may be older.
func TestPackedRefs(t *testing.T) {
	r := small(t)
	main, side := r.Git("rev-parse", "main"), r.Git("rev-parse", "side")
	r.Git("pack-refs", "--all")
	r.Git("update-ref", "refs/heads/main", side)
	repo := mustOpen(t, r.Dir)
	if got, _, err := repo.Ref("refs/heads/main"); err != nil || got.String() != side {
		t.Errorf("%s, %v", got, err)
	}
	packed := filepath.Join(gitDir(r), "packed-refs")
	for _, tt := range []struct {
		name, content string
		ok            bool
		err           bool
	}{
		{"with a header", "# pack-refs with: peeled fully-peeled sorted \n" + main + " refs/heads/p\n", true, false},
		{"no final newline", main + " refs/heads/p", true, false},
		{"peeled lines", main + " refs/heads/o\n^" + side + "\n" + main + " refs/heads/p\n^" + side + "\n", true, false},
		{"not sorted", main + " refs/heads/z\n" + main + " refs/heads/p\n", true, false},
		{"name at the end of another", main + " refs/heads/x refs/heads/p\n", false, false},
		{"longer id", "00" + main + " refs/heads/p\n", false, true},
		{"short id", main[:39] + " refs/heads/p\n", false, true},
		{"no id", " refs/heads/p\n", false, true},
		{"no hexadecimal id", strings.Repeat("x", 40) + " refs/heads/p\n", false, true},
		{"zero id", strings.Repeat("0", 40) + " refs/heads/p\n", false, true},
		{"longer name", main + " refs/heads/pp\n", false, false},
		{"CR LF", main + " refs/heads/p\r\n", false, false},
		{"empty", "", false, false},
		{"an empty line", main + " refs/heads/o\n\n", false, true},
		{"no name", main + " \n", false, true},
		{"peeled to no id", main + " refs/heads/o\n^" + main[1:] + "\n", false, true},
		{"peeled to more", main + " refs/heads/o\n^" + main + "x\n", false, true},
		{"garbage behind the ref", main + " refs/heads/p\ngarbage\n", true, false},
		{"garbage", "\x00\xff\n\n\n", false, true},
	} {
		writeFile(t, packed, tt.content)
		got, ok, err := mustOpen(t, r.Dir).Ref("refs/heads/p")
		if ok != tt.ok || (err != nil) != tt.err || ok && got.String() != main {
			t.Errorf("%s: %s, %t, %v", tt.name, got, ok, err)
		}
		var malformed *MalformedFileError
		if tt.err && (!errors.As(err, &malformed) || malformed.Path != packed) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}

func TestRefFiles(t *testing.T) {
	r := small(t)
	main := r.Git("rev-parse", "main")
	path := filepath.Join(gitDir(r), "refs/heads/p")
	for _, tt := range []struct {
		name, content string
		ok            bool
	}{
		{"id", main + "\n", true},
		{"no newline", main, true},
		{"upper case", strings.ToUpper(main) + "\n", true},
		{"more behind a blank", main + "\tnot-for-merge\n", true},
		{"symbolic", "ref: refs/heads/main\n", true},
		{"symbolic without a blank", "ref:refs/heads/main\n", true},
		{"symbolic with many blanks", "ref: \t refs/heads/main \r\n", true},
		{"empty", "", false},
		{"newline", "\n", false},
		{"zero id", strings.Repeat("0", 40) + "\n", false},
		{"short id", main[:39] + "\n", false},
		{"longer id", main + "00\n", false},
		{"SHA-256 id", main + main[:24] + "\n", false},
		{"symbolic to nowhere", "ref: \n", false},
		{"symbolic to a file", "ref: ../config\n", false},
		{"symbolic to a file below refs", "ref: refs/../config\n", false},
		{"symbolic to HEAD", "ref: HEAD\n", false},
		{"two lines", "ref: refs/heads/main\nref: refs/heads/side\n", false},
		{"too large", main + " " + strings.Repeat("x", maxSmallFile), false},
	} {
		writeFile(t, path, tt.content)
		got, ok, err := mustOpen(t, r.Dir).Ref("refs/heads/p")
		if ok != tt.ok || ok && got.String() != main {
			t.Errorf("%s: %s, %t, %v", tt.name, got, ok, err)
		}
		var malformed *MalformedFileError
		if !tt.ok && (!errors.As(err, &malformed) || malformed.Path != path) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}

// A ref that is no file is not waited for.
func TestRefsThatAreNoFiles(t *testing.T) {
	r := small(t)
	r.Git("pack-refs", "--all")
	refs := filepath.Join(gitDir(r), "refs/heads")
	must(t, syscall.Mkfifo(filepath.Join(refs, "fifo"), 0o666))
	must(t, os.Symlink("/dev/zero", filepath.Join(refs, "zero")))
	repo := mustOpen(t, r.Dir)
	for _, name := range []string{"refs/heads/fifo", "refs/heads/zero"} {
		if got, ok, err := repo.Ref(name); ok || err == nil {
			t.Errorf("%s: %s, %t, %v", name, got, ok, err)
		}
	}
	// An empty directory of the name is in nobody's way.
	must(t, os.MkdirAll(filepath.Join(refs, "main"), 0o777))
	if got, ok, err := repo.Ref("refs/heads/main"); !ok || err != nil {
		t.Errorf("%s, %t, %v", got, ok, err)
	}
}

func TestOldSymbolicLink(t *testing.T) {
	r := small(t)
	r.Git("pack-refs", "--all")
	must(t, os.Symlink("refs/heads/main", filepath.Join(gitDir(r), "refs/heads/old")))
	got, ok, err := mustOpen(t, r.Dir).Ref("refs/heads/old")
	if err != nil || !ok || got.String() != r.Git("rev-parse", "main") {
		t.Errorf("%s, %t, %v", got, ok, err)
	}
}

// What names of refs may look like, in the judgement of git.
func TestValidRefName(t *testing.T) {
	r := small(t)
	for _, name := range []string{
		"refs/heads/x", "refs/x", "refs/heads/a/b/c", "refs/heads/@", "refs/heads/a@b", "refs/heads/a.b", "refs/heads/-x", "refs/heads/naïve", "refs/heads/\xff",
		"refs/heads/.x", "refs/heads/x.", "refs/heads/x./y", "refs/heads/x.lock", "refs/heads/x.lock/y", "refs/heads/a..b", "refs/heads/a@{b", "refs/heads/a b", "refs/heads/a\tb",
		"refs/heads/a~b", "refs/heads/a^b", "refs/heads/a:b", "refs/heads/a?b", "refs/heads/a*b", "refs/heads/a[b", "refs/heads/a]b", "refs/heads/a\\b", "refs/heads/a\x7fb",
		"refs/heads/", "refs/heads//x", "refs/", "refs//x", "refs/heads/x/", "refs/heads/..", "refs/heads/../x", "refs/heads/a{b", "refs/heads/a\"b", "refs/heads/\u202e",
	} {
		_, err := r.TryGit(nil, "check-ref-format", name)
		if got := validRefName(name); got != (err == nil) {
			t.Errorf("%q is valid: %t, git says %v", name, got, err)
		}
	}
	for name, want := range map[string]bool{
		"HEAD": true, "FETCH_HEAD": true, "ORIG_HEAD": true, "head": false, "config": false, "index": false, "HEAD/x": false, "../HEAD": false, "x_HEAD": false,
		"": false, "HEAD ": false, "HEADS": false, strings.Repeat("X", 100) + "HEAD": false, "refs/heads/" + strings.Repeat("x", 2000): false,
	} {
		if got := validRefName(name); got != want {
			t.Errorf("%.40q is valid: %t", name, got)
		}
	}
}

func TestBranchOf(t *testing.T) {
	for ref, want := range map[string]string{
		"refs/heads/main": "main", "refs/heads/a/b": "a/b", "refs/remotes/origin/main": "main", "refs/remotes/origin/a/b": "a/b", "refs/remotes/origin/HEAD": "",
		"refs/remotes/origin": "", "refs/tags/v1": "", "HEAD": "", "": "", "refs/stash": "",
	} {
		if got := branchOf(ref); got != want {
			t.Errorf("%q: %q", ref, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	r := small(t)
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		if w := repo.Warnings(); len(w) != 0 {
			t.Errorf("warnings %q", w)
		}
	})
	r.Git("replace", "main", "side")
	writeFile(t, filepath.Join(gitDir(r), "info/grafts"), r.Git("rev-parse", "main")+"\n")
	main := id(t, r.Git("rev-parse", "main"))
	for _, packed := range []bool{false, true} {
		if packed {
			r.Git("pack-refs", "--all")
		}
		bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
			w := repo.Warnings()
			if len(w) != 2 || !strings.Contains(w[0], "replace refs") || !strings.Contains(w[1], "grafts") {
				t.Errorf("warnings %q", w)
			}
			raw, err := mustReader(t, repo).Commit(main)
			must(t, err)
			if links, err := gitwalk.ParseLinks(raw); err != nil || len(links.Parents) != 2 {
				t.Errorf("links %+v, %v", links, err)
			}
		})
	}
}

func TestRemotesAreNamedOnce(t *testing.T) {
	r := newConfusing(t)
	r.Git("pack-refs", "--all")
	r.Git("update-ref", "refs/remotes/origin/there", r.one) // now in both places
	_, err := mustOpen(t, r.Dir).Resolve("there")
	var unknown *UnknownRevisionError
	if !errors.As(err, &unknown) || !slices.Equal(slices.Sorted(slices.Values(unknown.Remotes)), []string{"refs/remotes/origin/there", "refs/remotes/other/there"}) {
		t.Errorf("error %#v", err)
	}
}
