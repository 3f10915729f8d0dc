package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A forge is a repository as a forge has it. Its merge button and its merge queue make
// commits that nobody signs, unless the forge itself does.
//
// It begins with the tag base, where every scenario starts: a few packages, a file of
// twenty lines, and an authorizations file.
type forge struct {
	*history
	alice, bob, carol, web, mallory *gittest.Key
}

// newForge has alice, who may do all, bob with an OpenPGP key, carol, who maintains the
// package hello, and web, the key of the forge, which may merge where it is listed.
// Mallory is not listed.
func newForge(t testing.TB, head string, listed ...string) *forge {
	t.Helper()
	f := &forge{
		alice: gittest.SSH(t, "ed25519", "alice"), bob: gittest.PGP(t, "ed25519", "bob"),
		carol: gittest.SSH(t, "ed25519", "carol"), web: gittest.SSH(t, "ecdsa", "web"),
		mallory: gittest.SSH(t, "ed25519", "mallory"),
	}
	f.history = &history{Repo: gittest.New(t), t: t, file: nixName, signer: f.alice}
	f.Keyring(f.bob)
	f.Write("lines", lines())
	for _, name := range []string{"hello", "foo", "bar"} {
		f.Write("pkgs/"+name+"/default.nix", name+" 1\n")
		f.Write("pkgs/"+name+"/src.sh", name+"\n"+lines())
	}
	f.Write(nixName, f.listing(head, listed...))
	f.Git("add", ".")
	f.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",sub")
	f.introduction = f.CommitIndexAs(f.alice, "Introduction")
	f.Git("reset", "--quiet", "--hard") // makes the directory of the submodule
	f.Git("tag", "base")
	return f
}

// lines are twenty lines, of which those given read otherwise.
func lines(changed ...int) string {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "line %d", i+1)
		for _, n := range changed {
			if n == i+1 {
				b.WriteString(", changed")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// listing is a file that lists holders, each a name and what else its entry has:
// "bob", "carol\n    paths: [pkgs/hello/]".
func (f *forge) listing(head string, listed ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\n%s\nkeys:\n", head)
	for _, entry := range listed {
		name, rest, _ := strings.Cut(entry, " ")
		fmt.Fprintf(&b, "  - name: %s\n    %s\n", name, keyField(f.key(name)))
		if rest != "" {
			fmt.Fprintf(&b, "    %s\n", rest)
		}
	}
	return b.String()
}

func (f *forge) key(name string) *gittest.Key {
	for _, k := range []*gittest.Key{f.alice, f.bob, f.carol, f.web, f.mallory} {
		if k.Holder == name {
			return k
		}
	}
	f.t.Fatalf("nobody is called %s", name)
	return nil
}

// on goes to a new branch that starts at a revision, with its files.
func (f *forge) on(branch, start string) {
	f.t.Helper()
	f.Git("checkout", "--quiet", "--force", "-B", branch, start)
}

// change commits a file, unsigned if by is nil.
func (f *forge) change(by *gittest.Key, name, content string) string {
	f.t.Helper()
	if by == nil {
		return f.Commit(name, content)
	}
	return f.CommitAs(by, name, content)
}

// pull makes a branch with one commit on top of a revision.
func (f *forge) pull(by *gittest.Key, branch, start, name, content string) string {
	f.t.Helper()
	f.on(branch, start)
	return f.change(by, name, content)
}

// button merges branches into another one as a forge does: nobody signs.
func (f *forge) button(into string, branches ...string) string {
	f.t.Helper()
	f.Git("checkout", "--quiet", into)
	f.Git(append([]string{"merge", "--quiet", "--no-ff", "--message", "Merge " + strings.Join(branches, ", ")}, branches...)...)
	return f.Git("rev-parse", "HEAD")
}

// amended makes the commit that is checked out anew from the index, signed if by is
// not nil, with the parents that it has.
func (f *forge) amended(by *gittest.Key) string {
	f.t.Helper()
	if by != nil {
		f.GitAs(by, "commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
	} else {
		f.Git("commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
	}
	return f.Git("rev-parse", "HEAD")
}

// approve writes an approval of what the working tree makes of the file in a revision.
func (f *forge) approve(by *gittest.Key, revision, content string) {
	f.t.Helper()
	old := f.Git("show", revision+":"+nixName) + "\n" // of which Git takes the newline
	message := fmt.Sprintf("nix-authorize approval v1\nprevious %x\nnext %x\n", sha256.Sum256([]byte(old)), sha256.Sum256([]byte(content)))
	var args []string
	if by.IsSSH() {
		args = []string{"-n", "nix-authorize"}
	}
	f.Write(".nix-authorizations.d/approvals/"+by.Holder, string(by.Sign(f.t, []byte(message), args...)))
}

// A forgeCase is a history that ends with the branch main.
type forgeCase struct {
	name  string
	build func(f *forge) (blamed string)
	want  string // a reason, or authentic
}

// runForge judges every case, each on top of base.
func runForge(t *testing.T, f *forge, cases []forgeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f.on("main", "base")
			blamed := c.build(f)
			if c.want == "authentic" {
				blamed = ""
			}
			a := f.verify("main")
			want(t, a, c.want, blamed)
			if c.want != "authentic" && len(a.Refusals) > 1 {
				t.Errorf("more is refused: %+v", a.Refusals)
			}
		})
	}
}
