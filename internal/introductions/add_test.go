package introductions

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// made is an entry that has the fields of guix except for the given ones.
func made(t *testing.T, name string, changes map[string]string) Entry {
	t.Helper()
	all := maps.Clone(texts)
	maps.Copy(all, changes)
	e, err := New(name, all)
	must(t, err)
	return e
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || string(content) != want {
		t.Errorf("%v, the file has\n%s\ninstead of\n%s", err, content, want)
	}
}

func TestAddToNothing(t *testing.T) {
	paths := newPaths(t, "", "")
	change, err := Add(paths, made(t, "guix", nil), false)
	must(t, err)
	if change.Old != nil || change.New.File != paths.User || change.New.Line != 1 || !change.New.same(made(t, "guix", nil)) {
		t.Errorf("%+v", change)
	}
	wantFile(t, paths.User, guix)
	for path, mode := range map[string]os.FileMode{paths.User: 0o600, filepath.Dir(paths.User): os.ModeDir | 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
	if _, err := os.Stat(filepath.Dir(paths.System)); err == nil {
		t.Error("the system's directory was made")
	}
}

func TestAddAtTheEnd(t *testing.T) {
	for _, c := range []struct{ before, after string }{
		{hello, hello + "\n" + guix},
		{strings.TrimSuffix(hello, "\n"), hello + "\n" + guix},
		{hello + "\n\n", hello + "\n" + guix},
		{"# mine\n", "# mine\n\n" + guix},
		{"---\n", "---\n\n" + guix},
		{"# mine\n---\n" + hello + "# end", "# mine\n---\n" + hello + "# end\n\n" + guix},
	} {
		paths := newPaths(t, c.before, "")
		change, err := Add(paths, made(t, "guix", nil), false)
		must(t, err)
		if change.Old != nil {
			t.Errorf("%+v", change)
		}
		wantFile(t, paths.User, c.after)
	}
}

func TestAddKeepsComments(t *testing.T) {
	const before = `# Introductions of this machine

hello: # not guix
  url: https://example.org/hello # its home
  introduction: ` + commit2 + `
  signer: ` + ssh + `

# Guix, from its manual.
guix: # "Channel authentication"
    # where
    url:   "https://git.guix.gnu.org/guix.git"   # the new home
    signer: bbb02ddf 2ceaf6a8 0d1de643 a2a06df2 a33a54fa # by mail
    introduction: ` + commit1 + ` # by mail too

    # how
    keyring: keyring # a branch
    max-age: 336h

# the end
`
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(before) }
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string
	}{
		{"nothing", map[string]string{"branch": "", "authorizations": ""}, before},
		{"url", map[string]string{"branch": "", "authorizations": "", "url": "https://example.org/guix"},
			replace(`"https://git.guix.gnu.org/guix.git"`, "https://example.org/guix")},
		{"introduction", map[string]string{"branch": "", "authorizations": "", "introduction": commit2, "signer": ssh},
			replace(commit1, commit2, "bbb02ddf 2ceaf6a8 0d1de643 a2a06df2 a33a54fa", ssh)},
		{"more fields", nil, replace("    max-age: 336h\n", "    max-age: 336h\n    branch: master\n    authorizations: .guix-authorizations\n")},
		{"fewer fields", map[string]string{"branch": "", "authorizations": "", "keyring": "", "max-age": ""},
			replace("    keyring: keyring # a branch\n    max-age: 336h\n", "    # a branch\n")},
		{"fewer and more", map[string]string{"branch": "a#b", "authorizations": "", "max-age": ""},
			replace("    max-age: 336h\n", "    branch: 'a#b'\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths := newPaths(t, before, "")
			e := made(t, "guix", c.changes)
			change, err := Add(paths, e, true)
			must(t, err)
			if change.Old == nil || change.Old.Line != 9 || !change.New.same(e) {
				t.Errorf("%+v", change)
			}
			wantFile(t, paths.User, c.want)
		})
	}
}

func TestAddValuesThatNeedQuotes(t *testing.T) {
	for _, url := range []string{
		"https://h/a b", "https://h/a: b", "https://h/#a", "https://h/a #b", "https://h/it's", `https://h/"x"`, `https://h/\x`,
		"https://h/x:", "/srv/[x]", "/srv/{x}", "/srv/*", "/srv/&a", "/srv/!a", "/srv/ä", "/-", "h:x", "https://h/'x: y", "https://h/?a=b,c&d=%20~", "[::1]:x",
		"https://h/|", "https://h/>", "https://h/@`",
	} {
		paths := newPaths(t, hello, "")
		e := made(t, "x", map[string]string{"url": url})
		_, err := Add(paths, e, false)
		must(t, err)
		list, err := Load(paths)
		must(t, err)
		if got, ok := list.ByName("x"); !ok || !got.same(e) {
			t.Errorf("%q is read as %+v", url, got)
		}
	}
	for _, branch := range []string{"@x", "%x", "&x", "!x", "=x", ",x", "+x", "_x", "{x}", "x]", "|", ">", "`", "'", `"`, "#", "null", "1e3", "<<"} {
		paths := newPaths(t, hello, "")
		e := made(t, "x", map[string]string{"branch": branch, "keyring": branch})
		_, err := Add(paths, e, false)
		must(t, err)
	}
	e := made(t, "x", map[string]string{"url": `https://h/'"`})
	paths := newPaths(t, hello, "")
	if _, err := Add(paths, e, false); err == nil || !strings.Contains(err.Error(), "has both kinds of quotes") {
		t.Errorf("%v", err)
	}
	wantFile(t, paths.User, hello)
}

func TestAddConflicts(t *testing.T) {
	other := map[string]string{"introduction": commit2}
	for _, c := range []struct {
		name         string
		user, system string
		entry        Entry
		conflict     string // name and file of the old one if --replace is needed
		hint         string
		never        bool // not even with --replace
		old          string
	}{
		{"the same", guix, "", made(t, "guix", nil), "", "", false, "guix@user"},
		{"other introduction", guix, "", made(t, "guix", other), "guix@user", "add --replace", false, "guix@user"},
		{"other signer", guix, "", made(t, "guix", map[string]string{"signer": ssh}), "guix@user", "add --replace", false, "guix@user"},
		{"other age", guix, "", made(t, "guix", map[string]string{"max-age": "15d"}), "guix@user", "add --replace", false, "guix@user"},
		{"no age", guix, "", made(t, "guix", map[string]string{"max-age": ""}), "guix@user", "add --replace", false, "guix@user"},
		{"other name for the same", guix, "", made(t, "other", nil), "guix@user", "use the name guix", true, ""},
		{"other name for the same in another spelling", guix, "", made(t, "other", map[string]string{"url": "https://git.guix.gnu.org/guix/"}), "guix@user", "use the name guix", true, ""},
		{"other branch", guix, "", made(t, "other", map[string]string{"branch": "next"}), "", "", false, ""},
		{"the same as the system's", "", guix, made(t, "guix", nil), "", "", false, "guix@system"},
		{"other than the system's", "", guix, made(t, "guix", other), "guix@system", "add --replace", false, "guix@system"},
		{"other than the system's, known", guix, with("branch: main"), made(t, "guix", nil), "", "", false, "guix@user"},
		{"the system's under another name", "", guix, made(t, "other", nil), "", "", false, ""},
		{"other than the system's under another name", "", guix, made(t, "other", other), "guix@system", "add --replace", false, "guix@system"},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths := newPaths(t, c.user, c.system)
			change, err := Add(paths, c.entry, false)
			if c.conflict != "" {
				var conflict *ConflictError
				if !errors.As(err, &conflict) || names([]Entry{conflict.Old}) != c.conflict || !conflict.New.same(c.entry) {
					t.Fatalf("%+v, %v", change, err)
				}
				wantUsage(t, err, c.hint)
				if c.user != "" {
					wantFile(t, paths.User, c.user)
				} else if _, err := os.Lstat(paths.User); err == nil {
					t.Error("a file was made")
				}
				change, err = Add(paths, c.entry, true)
			}
			if c.never {
				if !errors.As(err, new(*ConflictError)) {
					t.Errorf("%+v, %v", change, err)
				}
				wantFile(t, paths.User, c.user)
				return
			}
			must(t, err)
			var old string
			if change.Old != nil {
				old = names([]Entry{*change.Old})
			}
			if old != c.old || !change.New.same(c.entry) || change.New.File != paths.User {
				t.Errorf("%+v; old %s instead of %s", change, old, c.old)
			}
			list, err := Load(paths)
			must(t, err)
			if e, _ := list.ByName(c.entry.Name); !e.same(c.entry) {
				t.Errorf("loaded %+v", e)
			}
			if c.system != "" {
				wantFile(t, paths.System, c.system)
			}
		})
	}
}

// What is there already is not written again.
func TestAddTheSameWritesNothing(t *testing.T) {
	paths := newPaths(t, strings.TrimSuffix(guix, "\n"), "")
	before, err := os.Stat(paths.User)
	must(t, err)
	_, err = Add(paths, made(t, "guix", nil), false)
	must(t, err)
	if after, err := os.Stat(paths.User); err != nil || !os.SameFile(before, after) {
		t.Errorf("written, %v", err)
	}
}

func TestAddRefusesEntries(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(e *Entry)
		want   string
	}{
		{"no name", func(e *Entry) { e.Name = "" }, "name"},
		{"a name that is another line", func(e *Entry) { e.Name = "x:\n  url: y\nz" }, "is no name"},
		{"no url", func(e *Entry) { e.URL = "" }, "url: no value"},
		{"a url that is another line", func(e *Entry) { e.URL = "https://h/x\n  branch: y" }, "not printable"},
		{"no signer", func(e *Entry) { e.Introduction.Signer = "" }, "signer: no value"},
		{"no commit", func(e *Entry) { e.Introduction.Commit = [20]byte{} }, "is no id of a commit"},
		{"other format", func(e *Entry) { e.Introduction.Format = "x" }, "unknown authorizations file"},
		{"negative age", func(e *Entry) { e.MaxAge = -1 }, "max-age"},
		{"signer that is not canonical", func(e *Entry) { e.Introduction.Signer = "bbb02ddf2ceaf6a80d1de643a2a06df2a33a54fa" }, "a value that no file can hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths := newPaths(t, "", "")
			e := made(t, "guix", nil)
			c.change(&e)
			if _, err := Add(paths, e, true); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v instead of %q", err, c.want)
			} else {
				wantUsage(t, err, "")
			}
			if _, err := os.Lstat(paths.User); err == nil {
				t.Error("a file was made")
			}
		})
	}
	_, err := Add(Paths{}, made(t, "guix", nil), false)
	if err == nil || !strings.Contains(err.Error(), "no place for the file") {
		t.Errorf("%v", err)
	}
	wantUsage(t, err, "XDG_CONFIG_HOME")
}

// A dotfile stays where it is, and so does the link to it.
func TestAddThroughALink(t *testing.T) {
	paths := newPaths(t, hello, "")
	dotfile := filepath.Join(filepath.Dir(paths.User), "dotfile")
	must(t, os.Rename(paths.User, dotfile))
	must(t, os.Symlink("dotfile", paths.User))
	_, err := Add(paths, made(t, "guix", nil), false)
	must(t, err)
	wantFile(t, dotfile, hello+"\n"+guix)
	if target, err := os.Readlink(paths.User); target != "dotfile" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
}

func TestAddFullFile(t *testing.T) {
	full := hello + "#" + strings.Repeat("x", maxFile-len(hello)-2) + "\n"
	paths := newPaths(t, full, "")
	if _, err := Add(paths, made(t, "guix", nil), false); err == nil || !strings.Contains(err.Error(), "bytes are too many") {
		t.Errorf("%v", err)
	}
	wantFile(t, paths.User, full)
}
