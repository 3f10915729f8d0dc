package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// trickyConfigs are read as git reads them, or refused as git refuses them.
var trickyConfigs = []string{
	"",
	"\n\n",
	"[a]\nk = v\n",
	"[a]k=v",
	"[a] k = v\n[a] k = w",
	"[A]\nKey-1 = V\n",
	"[a \"B.c\"]\nk = v\n",
	"[a.B.c]\nk = v\n",
	"[a.b \"C\"]\nk = v\n",
	"[a.b.c \"D.e\"]\nk = v\n",
	"[a \"\"]\nk = v\n",
	"[a.]\nk = v\n",
	"[a. \"b\"]\nk = v\n",
	"[a.b \"\"]\nk = v\n",
	"[a \"\"]\nk = v\n[a]\nk = w\n[a \"\"]\nk = x\n",
	"[.a]\nk = v\n",
	"[]\nk = v\n",
	"[a\t \"b\"]\nk = v\n",
	"[a \"b\" ]\nk = v\n",
	"[a\"b\"]\nk = v\n",
	"[ a]\nk = v\n",
	"[a ]\nk = v\n",
	"[a \"b\nc\"]\nk = v\n",
	"[a \"b\\\"c\\\\d\\e\"]\nk = v\n",
	"[a \"b\\\n\"]\nk = v\n",
	"[a \"]\"]\nk = v\n",
	"[a \"b\"",
	"[a",
	"[",
	"[a]]\nk = v\n",
	"[a_b]\nk = v\n",
	"[a]\nk\n",
	"[a]\nk",
	"[a]\nk =\n",
	"[a]\nk = \n",
	"[a]\nk # comment\n",
	"[a]\nk = v # comment\n",
	"[a]\nk = v;comment\n",
	"[a]\nk = \"v # no comment\"\n",
	"[a]\n# comment \\\nk = v\n",
	"[a]\nk = v # comment \\\nl = w\n",
	"# comment\r\n[a]\r\nk = v\r\n\r\nl\r\n",
	"[a]\nk = v\r",
	"[a]\nk = v\rw\n",
	"[a]\r\nk = v \\\r\n  w\r\n",
	"[a]\nk = \\\n\\\n v\n",
	"[a]\nk = v \\\n   w  x  \n",
	"[a]\nk = v\\",
	"[a]\nk = \"v\\",
	"[a]\nk = \"v\\\nw\"\n",
	"[a]\nk = \"v\nw\"\n",
	"[a]\nk = \"v\n",
	"[a]\nk = \"a\"b\"c\"\n",
	"[a]\nk = \" v \" \n",
	"[a]\nk = v \"\"\n",
	"[a]\nk = v \"\" \n",
	"[a]\nk = \"\" v\n",
	"[a]\nk = v \" \"  w\n",
	"[a]\nk = a\\tb\\nc\\bd\\\\e\\\"f\n",
	"[a]\nk = \\x\n",
	"[a]\nk = \\a\n",
	"[a]\nk = \\\"v\n",
	"[a]\nk = '# v'\n",
	"[a]\nk = v = w\n",
	"[a]\nk == v\n",
	"[a]\n = v\n",
	"[a]\n1k = v\n",
	"[a]\n-k = v\n",
	"[a]\nk_1 = v\n",
	"[a]\nk.l = v\n",
	"[a]\nk l = v\n",
	"[a]\nk: v\n",
	"k = v\n",
	"k = v\n[a]\n",
	"\xef\xbb\xbf[a]\nk = v\n",
	"[a]\n\xef\xbb\xbfk = v\n",
	"[a]\nk = \xef\xbb\xbfv\n",
	"[a]\nk = \xff\xfe\n",
	"[a]\n\vk = v\n",
	"[a]\nk\v= v\n",
	"[a]\nk = \vv\v\n",
	"[a]\nk = v\f\n",
	"[a]\f\nk = v\n",
	"[a] [b] k = v\n",
	"[a] # comment\nk = v\n",
	"[a]\nk = v [b]\nl = w\n",
	"[core]\n\trepositoryformatversion = 0\n[remote \"origin\"]\n\turl = https://example.org/x.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
	"[nix-authorize \"release-1.2/Übung.X\"]\n\tintroduction = 0\n\tsigner = \"BBB0 2DDF\" # key\n",
	"[guix \"authentication\"]\n\tintroduction-commit = 0\n\tIntroduction-Signer = A B\n",
}

func TestConfigIsReadAsGitReadsIt(t *testing.T) {
	r := gittest.New(t)
	for _, text := range trickyConfigs {
		sameConfig(t, r, text)
	}
}

func TestRandomConfigs(t *testing.T) {
	r := gittest.New(t)
	rng := rand.New(rand.NewPCG(3, 3))
	pieces := []string{
		"[a]\n", "[A.b]", "[a \"B\"]\n", "[", "]", "k", "Key", "=", " = ", "v", "\"", "\"", "\\", "\n", "\n", "\n", "\r\n", "\r", " ", "\t", "\v",
		"#", ";", ".", "-", "1", "\\n", "\\t", "\\\"", "\\\\", "\\\n", "\xff",
	}
	for range 300 {
		text := "[a]\nk = "
		for range 1 + rng.IntN(12) {
			text += pieces[rng.IntN(len(pieces))]
		}
		sameConfig(t, r, text)
	}
}

// sameConfig requires that git finds the same variables in a configuration, or
// none in one that is refused.
func sameConfig(t *testing.T, r *gittest.Repo, text string) {
	t.Helper()
	path := filepath.Join(r.Dir, "tricky")
	writeFile(t, path, text)
	want, wantErr := r.TryGit(nil, "config", "--file", path, "--list", "-z")
	config, err := parseConfig([]byte(text))
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%q: error %v, git says %v", text, err, wantErr)
		return
	}
	if err != nil {
		var malformed *MalformedFileError
		if !errors.As(err, &malformed) || malformed.Line < 1 || malformed.Line > 1+strings.Count(text, "\n") {
			t.Errorf("%q: error %v", text, err)
		}
		return
	}
	if got := list(config); plain(got) != plain(named(want)) {
		t.Errorf("%q\ngot  %q\nwant %q", text, got, want)
	}
}

// list writes a configuration as "git config --list -z" does.
func list(c Config) string {
	var b strings.Builder
	for _, e := range c.entries {
		if e.section != "" || e.subsection != "" {
			b.WriteString(e.section + ".")
		}
		if e.subsection != "" {
			b.WriteString(e.subsection + ".")
		}
		b.WriteString(e.key)
		if !e.implicit {
			b.WriteString("\n" + e.value)
		}
		b.WriteByte(0)
	}
	return b.String()
}

// named leaves out the variables of subsections whose name is empty.
func named(list string) string {
	var b strings.Builder
	for variable := range strings.SplitAfterSeq(list, "\x00") {
		key, _, _ := strings.Cut(variable, "\n")
		if _, rest, _ := strings.Cut(key, "."); !strings.HasPrefix(rest, ".") || strings.Count(rest, ".") > 1 {
			b.WriteString(variable)
		}
	}
	return b.String()
}

// plain makes other blanks within a value spaces, as git did before version 2.45.
func plain(s string) string { return strings.NewReplacer("\t", " ", "\r", " ").Replace(s) }

func TestConfigOfARepository(t *testing.T) {
	r := small(t)
	const branch = "Release-1.2/naïve.X"
	r.Git("config", "nix-authorize."+branch+".introduction", "first")
	r.Git("config", "--add", "nix-authorize."+branch+".introduction", "second")
	r.Git("config", "nix-authorize.keyring", "of the repository")
	r.Git("config", "include.path", "../more")
	writeFile(t, filepath.Join(r.Dir, "more"), "[nix-authorize]\nsigner = included\n")
	config, err := mustOpen(t, r.Dir).Config()
	must(t, err)
	for _, tt := range []struct {
		section, subsection, key string
		want                     string
		ok                       bool
	}{
		{"nix-authorize", branch, "introduction", "second", true},
		{"Nix-Authorize", branch, "INTRODUCTION", "second", true},
		{"nix-authorize", strings.ToLower(branch), "introduction", "", false},
		{"nix-authorize", "", "introduction", "", false},
		{"nix-authorize", "", "keyring", "of the repository", true},
		{"nix-authorize", branch, "keyring", "", false},
		{"nix-authorize", "", "signer", "", false},
		{"core", "", "repositoryFormatVersion", "0", true},
	} {
		if got, ok := config.Get(tt.section, tt.subsection, tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("%s.%s.%s is %q, %t", tt.section, tt.subsection, tt.key, got, ok)
		}
	}
	if got := config.Subsections("nix-authorize"); !slices.Equal(got, []string{branch}) {
		t.Errorf("subsections %q", got)
	}
	if got := config.All("nix-authorize", branch, "introduction"); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("values %q", got)
	}
}

func TestConfigIsReadAnew(t *testing.T) {
	r := small(t)
	repo := mustOpen(t, r.Dir)
	r.Git("config", "a.k", "new")
	config, err := repo.Config()
	must(t, err)
	if got, _ := config.Get("a", "", "k"); got != "new" {
		t.Errorf("value %q", got)
	}
}

func TestWorktreeConfig(t *testing.T) {
	r := small(t)
	writeFile(t, filepath.Join(gitDir(r), "config.worktree"), "[a]\nk = own\n")
	r.Git("config", "a.k", "common")
	for _, enabled := range []string{"false", "true"} {
		r.Git("config", "extensions.worktreeConfig", enabled)
		config, err := mustOpen(t, r.Dir).Config()
		must(t, err)
		want := map[string]string{"false": "common", "true": "own"}[enabled]
		if got, _ := config.Get("a", "", "k"); got != want || r.Git("config", "a.k") != want {
			t.Errorf("enabled %s: value %q", enabled, got)
		}
	}
}

func TestBooleans(t *testing.T) {
	r := gittest.New(t)
	for _, value := range []string{"true", "True", "yes", "ON", "1", "2", "-1", "007", "false", "no", "off", "0", "00", "", "\"\""} {
		text := "[a]\nk = " + value + "\n"
		config, err := parseConfig([]byte(text))
		must(t, err)
		path := filepath.Join(r.Dir, "tricky")
		writeFile(t, path, text)
		want := r.Git("config", "--file", path, "--bool", "a.k")
		if got := fmt.Sprint(config.IsTrue("a", "", "k")); got != want {
			t.Errorf("%q is %s, git says %s", value, got, want)
		}
	}
	config, err := parseConfig([]byte("[a]\nk\nl = maybe\n"))
	must(t, err)
	if !config.IsTrue("a", "", "k") || config.IsTrue("a", "", "l") || config.IsTrue("a", "", "m") {
		t.Error("an implicit boolean, something else and nothing are wrong")
	}
}

func TestMalformedConfig(t *testing.T) {
	r := small(t)
	path := filepath.Join(gitDir(r), "config")
	for text, line := range map[string]int{
		"[a]\n\nk = \"v\n":  3,
		"[a]\nk = v\x00w\n": 2,
		"[a \"b\x00\"]\n":   1,
		"[a]\n]\n":          2,
		"[a]\n" + strings.Repeat("k = v\n", maxConfig/6+1): 0,
	} {
		writeFile(t, path, text)
		_, err := Open(context.Background(), r.Dir, Options{})
		var malformed *MalformedFileError
		if !errors.As(err, &malformed) || malformed.Path != path || malformed.Line != line {
			t.Errorf("%.20q: error %v", text, err)
		}
	}
}
