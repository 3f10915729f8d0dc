package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// confusing is small with names for its commits that are meant to confuse.
type confusing struct {
	*gittest.Repo
	one, two, three string // the commits: root, side, and their merge, the head of main
}

func newConfusing(t *testing.T) confusing {
	r := confusing{Repo: small(t)}
	r.one, r.two, r.three = r.Git("rev-parse", "main^1"), r.Git("rev-parse", "side"), r.Git("rev-parse", "main")
	for ref, target := range map[string]string{
		"refs/heads/feature/x":                     r.two,
		"refs/heads/-hyphen":                       r.two,
		"refs/heads/naïve":                         r.two,
		"refs/heads/MY_HEAD":                       r.two,
		"refs/heads/both":                          r.two,
		"refs/tags/both":                           r.two,
		"refs/heads/v1":                            r.one,
		"refs/tags/light":                          r.two,
		"refs/tags/file":                           r.Git("rev-parse", "main:file"),
		"refs/tags/tree":                           r.Git("rev-parse", "main^{tree}"),
		"refs/tags/heads/main":                     r.one,
		"refs/heads/" + r.one:                      r.two, // the id of another
		"refs/tags/" + r.two:                       r.two, // its own id
		"refs/heads/" + r.three[:8]:                r.one, // the beginning of another id
		"refs/heads/" + r.one[:9]:                  r.one, // the beginning of its own
		"refs/heads/" + strings.ToUpper(r.two[1:]): r.one,
		"refs/remotes/origin/main":                 r.one,
		"refs/remotes/origin/there":                r.two,
		"refs/remotes/origin/deep/there":           r.two,
		"refs/remotes/other/there":                 r.two,
		"refs/stash":                               r.two,
		"refs/notes/commits":                       r.two,
	} {
		r.Git("update-ref", ref, target)
	}
	r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	r.Git("symbolic-ref", "refs/heads/alias", "refs/heads/feature/x")
	r.Git("symbolic-ref", "refs/heads/dangling", "refs/heads/nothing")
	r.Git("symbolic-ref", "refs/heads/loop", "refs/heads/pool")
	r.Git("symbolic-ref", "refs/heads/pool", "refs/heads/loop")
	r.Git("config", "remote.origin.url", "/nonexistent")
	r.Git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
	r.Git("config", "branch.main.remote", "origin")
	r.Git("config", "branch.main.merge", "refs/heads/main")
	writeFile(t, filepath.Join(gitDir(r.Repo), "FETCH_HEAD"), r.two+"\t\tbranch 'x' of nowhere\n")
	return r
}

func TestResolve(t *testing.T) {
	r := newConfusing(t)
	type want struct{ rev, id, ref, branch string }
	wants := []want{
		{"HEAD", r.three, "refs/heads/main", "main"},
		{"@", r.three, "refs/heads/main", "main"},
		{"@~1", r.one, "refs/heads/main", "main"},
		{"main", r.three, "refs/heads/main", "main"},
		{"refs/heads/main", r.three, "refs/heads/main", "main"},
		{"feature/x", r.two, "refs/heads/feature/x", "feature/x"},
		{"heads/feature/x", r.two, "refs/heads/feature/x", "feature/x"},
		{"naïve", r.two, "refs/heads/naïve", "naïve"},
		{"refs/heads/-hyphen", r.two, "refs/heads/-hyphen", "-hyphen"},
		{"heads/-hyphen", r.two, "refs/heads/-hyphen", "-hyphen"},
		{"alias", r.two, "refs/heads/feature/x", "feature/x"},
		{"MY_HEAD", r.two, "refs/heads/MY_HEAD", "MY_HEAD"},
		{"FETCH_HEAD", r.two, "FETCH_HEAD", ""},
		{"light", r.two, "refs/tags/light", ""},
		{"tags/v1", r.three, "refs/tags/v1", ""},
		{"refs/tags/v1", r.three, "refs/tags/v1", ""},
		{"v1-again", r.three, "refs/tags/v1-again", ""},
		{"v1-again^{}", r.three, "refs/tags/v1-again", ""},
		{"heads/v1", r.one, "refs/heads/v1", "v1"},
		{"origin", r.one, "refs/remotes/origin/main", "main"},
		{"origin/main", r.one, "refs/remotes/origin/main", "main"},
		{"origin/deep/there", r.two, "refs/remotes/origin/deep/there", "deep/there"},
		{"remotes/origin/main", r.one, "refs/remotes/origin/main", "main"},
		{"refs/remotes/origin/HEAD", r.one, "refs/remotes/origin/main", "main"},
		{"stash", r.two, "refs/stash", ""},
		{"notes/commits", r.two, "refs/notes/commits", ""},
		{r.two, r.two, "", ""},
		{strings.ToUpper(r.two), r.two, "", ""},
		{r.three, r.three, "", ""},
		{r.two[:4], r.two, "", ""},
		{strings.ToUpper(r.two[:12]), r.two, "", ""},
		{r.two[:39], r.two, "", ""},
		{r.one[:9], r.one, "refs/heads/" + r.one[:9], r.one[:9]},
		{r.Git("rev-parse", "v1-again"), r.three, "", ""},
		{"main^", r.one, "refs/heads/main", "main"},
		{"main^0", r.three, "refs/heads/main", "main"},
		{"main~0", r.three, "refs/heads/main", "main"},
		{"main^1", r.one, "refs/heads/main", "main"},
		{"main^2", r.two, "refs/heads/main", "main"},
		{"main~", r.one, "refs/heads/main", "main"},
		{"main^2~1", r.one, "refs/heads/main", "main"},
		{"main^2^{commit}^^{}", r.one, "refs/heads/main", "main"},
		{"v1-again^2^{}~1", r.one, "refs/tags/v1-again", ""},
		{r.three[:9] + "^2", r.two, "", ""},
		// What only git knows.
		{"@{upstream}", r.one, "refs/remotes/origin/main", "main"},
		{"main@{u}", r.one, "refs/remotes/origin/main", "main"},
		{"main@{0}", r.three, "", ""},
		{":/Two", r.two, "", ""},
		{"main^{/On}", r.one, "refs/heads/main", "main"},
		{"tags/v1^{tag}", r.three, "refs/tags/v1", ""},
	}
	r.Git("reflog", "expire", "--expire=now", "--all")
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		for _, w := range wants {
			got, err := repo.Resolve(w.rev)
			if err != nil || got.ID.String() != w.id || got.Ref != w.ref || got.Branch != w.branch {
				t.Errorf("%s: %s, ref %q, branch %q, error %v", w.rev, got.ID, got.Ref, got.Branch, err)
			}
			// Where there is one meaning, git has the same.
			if git := r.Git("rev-list", "-1", "--end-of-options", w.rev); git != w.id {
				t.Errorf("%s: git says %s", w.rev, git)
			}
		}
	})
}

func TestResolveRefuses(t *testing.T) {
	r := newConfusing(t)
	unknown := func(parts ...string) error {
		return &UnknownRevisionError{Detail: strings.Join(parts, "")}
	}
	ambiguous := func(candidates ...string) error { return &AmbiguousError{Candidates: candidates} }
	for _, tt := range []struct {
		rev  string
		want error // by its type and some of its fields
	}{
		{"", unknown("it is empty")},
		{"-", unknown("it begins with a hyphen")},
		{"-hyphen", unknown("it begins with a hyphen")},
		{"--all", unknown("it begins with a hyphen")},
		{"--end-of-options", unknown("it begins with a hyphen")},
		{"main\nside", unknown("it has a control character")},
		{"main\x00", unknown("it has a control character")},
		{"\u0085main", unknown("it has a control character")},
		{strings.Repeat("x", 5000), unknown("it is longer than 4096 bytes")},
		{"nothing", unknown()},
		{"Main", unknown()},
		{"refs/heads/nothing", unknown()},
		{"heads", unknown()},
		{"refs", unknown()},
		{"refs/", unknown()},
		{"refs/heads", unknown()},
		{"refs/heads/", unknown()},
		{"refs/heads/feature", unknown()},
		{"refs/heads/main/", unknown()},
		{"refs/heads/main/x", unknown()},
		{"refs//heads/main", unknown()},
		{"refs/heads/../heads/main", unknown()},
		{"refs/heads/../../config", unknown()},
		{"../config", unknown()},
		{"refs/heads/main.lock", unknown()},
		{"/etc/passwd", unknown()},
		{"config", unknown()},
		{"dangling", unknown()},
		{"main x", unknown()},
		{"main*", unknown()},
		{"ma?n", unknown()},
		{"[m]ain", unknown()},
		{"main\\", unknown()},
		{"main~3", unknown("has 0 parents")},
		{"main^3", unknown("has 2 parents")},
		{"main^2147483648", unknown()},
		{"main~99999999999999999999", unknown()},
		{"main~2000000", unknown()},
		{"main..side", unknown()},
		{"main...side", unknown()},
		{"^main", unknown("it does not stand for one commit")},
		{"main^@", unknown()},
		{"main^!", unknown()},
		{"main^-", unknown()},
		{"main@{99}", unknown()},
		{"side@{upstream}", unknown()},
		{"main:nothing", unknown()},
		{":file", unknown()},
		{"main^{nonsense}", unknown()},
		{"~1", unknown()},
		{"^", unknown()},
		{"abc", unknown()},  // too short for an abbreviation
		{"ffff", unknown()}, // of nothing
		{r.Git("rev-parse", "main:file")[:12], unknown()},
		{"v1", ambiguous("refs/tags/v1", "refs/heads/v1")},
		{"v1~1", ambiguous("refs/tags/v1", "refs/heads/v1")},
		{"v1@{0}", ambiguous("refs/tags/v1", "refs/heads/v1")},
		{"v1^{/One}", ambiguous("refs/tags/v1", "refs/heads/v1")},
		{"both", ambiguous("refs/tags/both", "refs/heads/both")},
		{"heads/main", ambiguous("refs/heads/main", "refs/tags/heads/main")},
		{r.one, ambiguous("commit "+r.one, "refs/heads/"+r.one)},
		{r.one + "^0", ambiguous("commit "+r.one, "refs/heads/"+r.one)},
		{r.three[:8], ambiguous("refs/heads/"+r.three[:8], "commit "+r.three)},
		{"file", &NotACommitError{Kind: gitwalk.KindBlob}},
		{"tree", &NotACommitError{Kind: gitwalk.KindTree}},
		{"tree^{}", &NotACommitError{Kind: gitwalk.KindTree}},
		{"main^{tree}", &NotACommitError{Kind: gitwalk.KindTree}},
		{"main:file", &NotACommitError{Kind: gitwalk.KindBlob}},
		{r.Git("rev-parse", "main^{tree}"), &NotACommitError{Kind: gitwalk.KindTree}},
		{strings.Repeat("0", 40), &gitwalk.MissingError{}},
		{strings.Repeat("1", 40) + "~1", &gitwalk.MissingError{}},
		{"there", &UnknownRevisionError{Remotes: []string{"refs/remotes/origin/there", "refs/remotes/other/there"}}},
		{"there~1", &UnknownRevisionError{Remotes: []string{"refs/remotes/origin/there", "refs/remotes/other/there"}}},
		{"deep/there", &UnknownRevisionError{Remotes: []string{"refs/remotes/origin/deep/there"}}},
	} {
		bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
			got, err := repo.Resolve(tt.rev)
			if !got.ID.IsZero() || !refusedAs(err, tt.rev, tt.want) {
				t.Errorf("%.60q: %+v, error %#v", tt.rev, got, err)
			}
		})
	}
	for _, name := range []string{"loop", "refs/heads/loop", "pool~1"} {
		bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
			if got, err := repo.Resolve(name); err == nil {
				t.Errorf("%s: %+v", name, got)
			}
		})
	}
}

// refusedAs says whether err is of the type of want and has what want says.
func refusedAs(err error, rev string, want error) bool {
	if err == nil || reflect.TypeOf(err) != reflect.TypeOf(want) {
		return false
	}
	switch want := want.(type) {
	case *UnknownRevisionError:
		got := err.(*UnknownRevisionError)
		remotes := slices.Sorted(slices.Values(got.Remotes))
		return got.Name == rev && strings.Contains(got.Detail, want.Detail) && slices.Equal(remotes, want.Remotes)
	case *AmbiguousError:
		return slices.Equal(err.(*AmbiguousError).Candidates, want.Candidates)
	case *NotACommitError:
		return err.(*NotACommitError).Kind == want.Kind && err.(*NotACommitError).Name == rev
	}
	return true
}

// A name that could be a commit of the caller's and is a hostile branch's at the
// same time is refused whatever git would take it for.
func TestFetchHeadThatIsAlsoABranch(t *testing.T) {
	r := newConfusing(t)
	r.Git("update-ref", "refs/heads/FETCH_HEAD", r.one)
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		var ambiguous *AmbiguousError
		if got, err := repo.Resolve("FETCH_HEAD"); !errors.As(err, &ambiguous) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAmbiguousAbbreviation(t *testing.T) {
	r := gittest.New(t, "--bare")
	seen := make(map[string]string)
	var first, second string
	for i := 0; second == ""; i++ {
		raw := fmt.Sprintf("tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n%d\n", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", i)
		sum, _ := gitwalk.Hash(gitwalk.KindCommit, []byte(raw))
		digits := sum.String()
		if other, ok := seen[digits[:4]]; ok {
			first, second = r.Hash("commit", []byte(other)), r.Hash("commit", []byte(raw))
		}
		seen[digits[:4]] = raw
	}
	r.Git("update-ref", "refs/heads/main", first)
	want := []string{"commit " + first, "commit " + second}
	slices.Sort(want)
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		var ambiguous *AmbiguousError
		if got, err := repo.Resolve(first[:4]); !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Candidates, want) {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := repo.Resolve(first); err != nil || got.ID.String() != first {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestEmptyRepository(t *testing.T) {
	r := gittest.New(t)
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		for _, rev := range []string{"HEAD", "main", "@", "refs/heads/main", "nothing", "abcd", "@{upstream}"} {
			var empty *EmptyRepositoryError
			if got, err := repo.Resolve(rev); !errors.As(err, &empty) || empty.GitDir != repo.GitDir() {
				t.Errorf("%s: %+v, %v", rev, got, err)
			}
		}
		if repo.HeadBranch() != "main" {
			t.Errorf("HEAD is on %q", repo.HeadBranch())
		}
		if _, ok, err := repo.Ref("HEAD"); ok || err != nil {
			t.Errorf("HEAD: %t, %v", ok, err)
		}
	})
}

func TestUnbornBranchBesideOthers(t *testing.T) {
	r := small(t)
	r.Git("symbolic-ref", "HEAD", "refs/heads/unborn")
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		var unknown *UnknownRevisionError
		if _, err := repo.Resolve("HEAD"); !errors.As(err, &unknown) || unknown.Detail != `the branch "unborn" has no commit yet` {
			t.Errorf("error %v", err)
		}
		if _, err := repo.Resolve("main"); err != nil {
			t.Error(err)
		}
	})
}

func TestTagsInACircleAndOdd(t *testing.T) {
	r := small(t)
	head := r.Git("rev-parse", "main")
	long := r.Git("rev-parse", "v1")
	for range maxTags + 2 {
		long = r.Hash("tag", []byte("object "+long+"\ntype tag\ntag x\n\n"))
	}
	r.Git("update-ref", "refs/tags/long", long)
	for name, raw := range map[string]string{
		"garbage": "garbage", "empty": "", "no-newline": "object " + head, "short": "object " + head[:39] + "\n", "missing": "object " + strings.Repeat("1", 40) + "\ntype commit\n",
		"lying": "object " + r.Git("rev-parse", "main:file") + "\ntype commit\n",
	} {
		writeFile(t, filepath.Join(gitDir(r), "refs/tags", name), r.Hash("tag", []byte(raw))+"\n")
	}
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		for name, want := range map[string]any{
			"long": new(*UnknownRevisionError), "garbage": new(*gitwalk.MalformedError), "empty": new(*gitwalk.MalformedError), "short": new(*gitwalk.MalformedError),
			"missing": new(*gitwalk.MissingError), "lying": new(*NotACommitError),
		} {
			if got, err := repo.Resolve(name); !errors.As(err, want) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		if got, err := repo.Resolve("no-newline"); err != nil || got.ID.String() != head {
			t.Errorf("no newline: %+v, %v", got, err)
		}
	})
}

// Names are resolved from what is there now.
func TestResolveSeesNewCommits(t *testing.T) {
	r := small(t)
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		for _, pack := range []bool{false, true} {
			tip := r.Commit("file", fmt.Sprint(pack, t.Name()))
			if pack {
				r.Git("repack", "-adq")
				r.Git("pack-refs", "--all")
			}
			for _, rev := range []string{"main", "HEAD", tip[:12], tip} {
				if got, err := repo.Resolve(rev); err != nil || got.ID.String() != tip {
					t.Errorf("%s: %s, %v", rev, got.ID, err)
				}
			}
		}
	})
}

func TestResolveInCancelledRepository(t *testing.T) {
	r := small(t)
	ctx, cancel := context.WithCancel(context.Background())
	repo, err := Open(ctx, r.Dir, Options{})
	must(t, err)
	cancel()
	for _, rev := range []string{"main", "@{upstream}", "nothing"} {
		if _, err := repo.Resolve(rev); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", rev, err)
		}
	}
}

// What a link in the repository leads to is not shown.
func TestRefThatIsALinkOutside(t *testing.T) {
	r := small(t)
	secret := filepath.Join(t.TempDir(), "secret")
	writeFile(t, secret, "the secret\n")
	must(t, os.Symlink(secret, filepath.Join(gitDir(r), "refs/heads/evil")))
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		if got, err := repo.Resolve("evil"); err == nil || strings.Contains(err.Error(), "the secret") {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
