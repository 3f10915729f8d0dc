package hook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// states are the hooks of a list in the form "name state", with a "+" for one that
// was there before.
func states(hooks []Hook) []string {
	var out []string
	for _, h := range hooks {
		text := string(h.Name) + " " + string(h.State)
		if h.Before != "" {
			text += " +"
		}
		out = append(out, text)
	}
	return out
}

func wantStates(t *testing.T, hooks []Hook, want ...string) {
	t.Helper()
	if got := states(hooks); !slices.Equal(got, want) {
		t.Errorf("the hooks are %q instead of %q", got, want)
	}
}

// files are the names in a folder, and what is in each.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	all := make(map[string]string)
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if target, err := os.Readlink(path); err == nil {
			all[entry.Name()] = "-> " + target
			continue
		}
		all[entry.Name()] = mode(t, path).String() + " " + read(t, path)
	}
	return all
}

func wantFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := files(t, dir)
	for name := range got {
		if want[name] != got[name] {
			t.Errorf("%s is %q instead of %q", name, got[name], want[name])
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

const program = "/opt/bin/nix-authorize"

// bare and checkout are what Install puts in place.
var (
	checkout = []string{"reference-transaction installed", "pre-push installed"}
	bare     = []string{"reference-transaction installed", "pre-push installed", "pre-receive installed"}
)

func TestInstall(t *testing.T) {
	emptyHome(t)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"checkout": {nil, checkout},
		"bare":     {[]string{"--bare"}, bare},
	} {
		t.Run(name, func(t *testing.T) {
			r := gittest.New(t, test.args...)
			p := find(t, r.Dir)
			os.RemoveAll(p.Dir) // as with an empty init.templateDir
			hooks, err := p.Install(program)
			must(t, err)
			wantStates(t, hooks, test.want...)
			before := files(t, p.Dir)
			for _, h := range hooks {
				if got := mode(t, h.Path); got != 0o755 {
					t.Errorf("%s has mode %s", h.Path, got)
				}
				if h.Works() || h.Program != program {
					t.Errorf("it works without the program %q: %+v", h.Program, h)
				}
			}
			_, err = p.Install(program)
			must(t, err)
			wantFiles(t, p.Dir, before)
			taken, err := p.Uninstall()
			must(t, err)
			wantFiles(t, p.Dir, nil)
			if len(taken) != 3 || taken[0].Removal != Removed || taken[1].Removal != Removed {
				t.Errorf("taken: %+v", taken)
			}
		})
	}
}

// TestInstallKeeps has what was there before: it comes back as it was.
func TestInstallKeeps(t *testing.T) {
	emptyHome(t)
	put := map[string]func(t *testing.T, path string){
		"a hook":   func(t *testing.T, path string) { write(t, path, "#!/bin/sh\nexit 0\n", 0o755) },
		"odd mode": func(t *testing.T, path string) { write(t, path, "#!/bin/sh\nexit 0\n", 0o511) },
		"off":      func(t *testing.T, path string) { write(t, path, "#!/bin/sh\nexit 1\n", 0o644) },
		"binary":   func(t *testing.T, path string) { write(t, path, "\x7fELF\x00\xff", 0o755) },
		"large":    func(t *testing.T, path string) { write(t, path, "#!/bin/sh\n"+strings.Repeat("#\n", maxScript), 0o755) },
		"empty":    func(t *testing.T, path string) { write(t, path, "", 0o755) },
		"link": func(t *testing.T, path string) {
			write(t, path+".real", "#!/bin/sh\n", 0o755)
			must(t, os.Symlink(filepath.Base(path)+".real", path))
		},
		"dangling link": func(t *testing.T, path string) { must(t, os.Symlink("/nowhere/hook", path)) },
	}
	for name, put := range put {
		t.Run(name, func(t *testing.T) {
			p := find(t, gittest.New(t).Dir)
			path := filepath.Join(p.Dir, string(PrePush))
			must(t, os.MkdirAll(p.Dir, 0o777))
			put(t, path)
			before := files(t, p.Dir)
			for range 2 {
				hooks, err := p.Install(program)
				must(t, err)
				wantStates(t, hooks, "reference-transaction installed", "pre-push installed +")
			}
			if got := files(t, p.Dir)["pre-push"+Before]; got != before["pre-push"] {
				t.Errorf("the hook that was there before is %q instead of %q", got, before["pre-push"])
			}
			for range 2 {
				_, err := p.Uninstall()
				must(t, err)
				wantFiles(t, p.Dir, before)
			}
		})
	}
}

// TestInstallRefuses has what is in the way. Nothing may change then.
func TestInstallRefuses(t *testing.T) {
	emptyHome(t)
	edited := script(PrePush, program) + "echo mine\n"
	tests := []struct {
		name string
		put  func(t *testing.T, path string)
		want string
	}{
		{"two hooks", func(t *testing.T, path string) {
			write(t, path, "#!/bin/sh\necho 1\n", 0o755)
			write(t, path+Before, "#!/bin/sh\necho 2\n", 0o755)
		}, "neither is nix-authorize's"},
		{"edited", func(t *testing.T, path string) { write(t, path, edited, 0o755) }, "changed since"},
		{"directory", func(t *testing.T, path string) { must(t, os.MkdirAll(path, 0o777)) }, "is not a file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := find(t, gittest.New(t).Dir)
			test.put(t, filepath.Join(p.Dir, string(PrePush)))
			_, err := p.Install(program)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v instead of %q", err, test.want)
			}
			if got := read(t, filepath.Join(p.Dir, string(ReferenceTransaction))); got != "absent" {
				t.Errorf("another hook was put in place: %q", got)
			}
		})
	}
	t.Run("program", func(t *testing.T) {
		p := find(t, gittest.New(t).Dir)
		for _, program := range []string{"nix-authorize", "./x", "/a\nb", ""} {
			if _, err := p.Install(program); err == nil {
				t.Errorf("%q is accepted", program)
			}
		}
	})
}

// TestInstallAgain has what an installation finds that another one has left.
func TestInstallAgain(t *testing.T) {
	emptyHome(t)
	body := "# another version\nnix_authorize='/old'\n"
	foreign := "#!/bin/sh\necho mine\n"
	tests := []struct {
		name string
		put  func(t *testing.T, path string)
		want string // afterwards
	}{
		{"another program", func(t *testing.T, path string) { write(t, path, script(PrePush, "/elsewhere"), 0o755) }, "pre-push installed"},
		{"another version", func(t *testing.T, path string) {
			write(t, path, scriptHeader(PrePush, 99, body)+body, 0o755)
			write(t, path+Before, foreign, 0o755)
		}, "pre-push installed +"},
		{"mode lost", func(t *testing.T, path string) { write(t, path, script(PrePush, program), 0o644) }, "pre-push installed"},
		{"ours removed by hand", func(t *testing.T, path string) { write(t, path+Before, foreign, 0o755) }, "pre-push installed +"},
		{"cut off", func(t *testing.T, path string) { write(t, path, foreign, 0o755); must(t, os.Link(path, path+Before)) }, "pre-push installed +"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := find(t, gittest.New(t).Dir)
			path := filepath.Join(p.Dir, string(PrePush))
			test.put(t, path)
			hooks, err := p.Install(program)
			must(t, err)
			wantStates(t, hooks, "reference-transaction installed", test.want)
			if hooks[1].Program != program || mode(t, path) != 0o755 {
				t.Errorf("it is %+v, %s", hooks[1], mode(t, path))
			}
			_, err = p.Uninstall()
			must(t, err)
			restored := read(t, path)
			if strings.HasSuffix(test.want, "+") && restored != foreign || !strings.HasSuffix(test.want, "+") && restored != "absent" {
				t.Errorf("afterwards it is %q", restored)
			}
			if left := read(t, path+Before); left != "absent" {
				t.Errorf("left over: %q", left)
			}
		})
	}
}

// TestUninstallLeaves has what Uninstall must not touch.
func TestUninstallLeaves(t *testing.T) {
	emptyHome(t)
	tests := []struct {
		name string
		put  func(t *testing.T, path string)
		want Removal
	}{
		{"a hook of somebody else", func(t *testing.T, path string) { write(t, path, "#!/bin/sh\n", 0o755) }, NotOurs},
		{"one that replaced ours", func(t *testing.T, path string) {
			write(t, path, "#!/bin/sh\n", 0o755)
			write(t, path+Before, "#!/bin/sh\n# older\n", 0o755)
		}, NotOurs},
		{"a directory", func(t *testing.T, path string) { must(t, os.MkdirAll(path, 0o777)) }, NotOurs},
		{"nothing", func(*testing.T, string) {}, WasAbsent},
		{"an edited one", func(t *testing.T, path string) { write(t, path, script(PrePush, program)+"#\n", 0o755) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := find(t, gittest.New(t).Dir)
			must(t, os.RemoveAll(p.Dir))
			must(t, os.Mkdir(p.Dir, 0o777))
			test.put(t, filepath.Join(p.Dir, string(PrePush)))
			entries, _ := os.ReadDir(p.Dir)
			taken, err := p.Uninstall()
			switch {
			case test.want == "" && (err == nil || !strings.Contains(err.Error(), "changed since")):
				t.Errorf("the error is %v", err)
			case test.want != "" && (err != nil || taken[1].Removal != test.want):
				t.Errorf("%+v, %v", taken, err)
			}
			if after, _ := os.ReadDir(p.Dir); len(after) != len(entries) {
				t.Errorf("%d files instead of %d", len(after), len(entries))
			}
		})
	}
}

// TestBroken has hooks that are in place and do not work.
func TestBroken(t *testing.T) {
	emptyHome(t)
	p := find(t, gittest.New(t).Dir)
	real := filepath.Join(t.TempDir(), "nix-authorize")
	write(t, real, "#!/bin/sh\n", 0o755)
	hooks, err := p.Install(real)
	must(t, err)
	if !hooks[0].Works() || !hooks[1].Works() {
		t.Errorf("%+v", hooks)
	}
	must(t, os.Chmod(hooks[0].Path, 0o644))
	hooks, err = p.List()
	must(t, err)
	if hooks[0].Works() || !strings.Contains(hooks[0].Broken, "git cannot run it") || !hooks[1].Works() {
		t.Errorf("%+v", hooks)
	}
	must(t, os.Remove(real))
	hooks, err = p.List()
	must(t, err)
	if hooks[1].Works() || !strings.Contains(hooks[1].Broken, real+" cannot be run") {
		t.Errorf("%+v", hooks)
	}
}
