package hook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	zeros = "0000000000000000000000000000000000000000"
	some  = "1234567890123456789012345678901234567890"
)

// scripted is a hook in a folder of its own that hands on to a recorder.
type scripted struct{ path, program, log string }

func newScripted(t *testing.T, name Name, programDir, code string) scripted {
	t.Helper()
	dir := t.TempDir()
	s := scripted{filepath.Join(dir, string(name)), filepath.Join(dir, programDir, "nix-authorize"), filepath.Join(dir, "log")}
	write(t, s.program, recorder(s.log, code), 0o755)
	write(t, s.path, script(name, s.program), 0o755)
	return s
}

// TestScriptHandsOn has what a script gives to the program.
func TestScriptHandsOn(t *testing.T) {
	branch := zeros + " " + some + " refs/heads/main\n"
	tests := []struct {
		name  string
		hook  Name
		args  []string
		stdin string
		want  string // what the program has recorded
	}{
		{"branch", ReferenceTransaction, []string{"prepared"}, branch, "<hook><run><reference-transaction><prepared>\n" + branch},
		{"tracking branch", ReferenceTransaction, []string{"prepared"}, zeros + " " + some + " refs/remotes/origin/main\n",
			"<hook><run><reference-transaction><prepared>\n" + zeros + " " + some + " refs/remotes/origin/main\n"},
		{"merge", ReferenceTransaction, []string{"prepared"}, zeros + " " + some + " ORIG_HEAD\n",
			"<hook><run><reference-transaction><prepared>\n" + zeros + " " + some + " ORIG_HEAD\n"},
		{"branch among tags", ReferenceTransaction, []string{"prepared"}, zeros + " " + some + " refs/tags/v1\n" + branch,
			"<hook><run><reference-transaction><prepared>\n" + zeros + " " + some + " refs/tags/v1\n" + branch},
		{"tag", ReferenceTransaction, []string{"prepared"}, zeros + " " + some + " refs/tags/v1\n", "absent"},
		{"committed", ReferenceTransaction, []string{"committed"}, branch, "absent"},
		{"preparing", ReferenceTransaction, []string{"preparing"}, branch, "absent"},
		{"aborted", ReferenceTransaction, []string{"aborted"}, branch, "absent"},
		{"push", PrePush, []string{"origin", "a b'c\"$d"}, "refs/heads/x " + some + " refs/heads/x " + zeros + "\n",
			"<hook><run><pre-push><origin><a b'c\"$d>\nrefs/heads/x " + some + " refs/heads/x " + zeros + "\n"},
		{"push of nothing", PrePush, []string{"origin", "url"}, "", "<hook><run><pre-push><origin><url>\n"},
		{"no final newline", PreReceive, nil, "a b c", "<hook><run><pre-receive>\na b c"},
		{"final newlines", PreReceive, nil, "a b c\n\n\n", "<hook><run><pre-receive>\na b c\n\n\n"},
		{"bytes", PreReceive, nil, "\\n %s \xff\xfe '\"$(x)\n", "<hook><run><pre-receive>\n\\n %s \xff\xfe '\"$(x)\n"},
		{"many refs", PreReceive, nil, strings.Repeat(branch, 5000), "<hook><run><pre-receive>\n" + strings.Repeat(branch, 5000)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScripted(t, test.hook, "bin", "0")
			if stderr, code := runScript(t, s.path, test.stdin, test.args...); code != 0 || stderr != "" {
				t.Errorf("exit code %d, %q", code, stderr)
			}
			if got := read(t, s.log); got != test.want {
				t.Errorf("the program was given %.300q instead of %.300q", got, test.want)
			}
		})
	}
}

// TestScriptQuotes has paths that mean something to a shell.
func TestScriptQuotes(t *testing.T) {
	for _, dir := range []string{"it's here", `"quoted" $HOME`, "a;b&c|d", "`x`$(x)", "*", `back\slash`, "ö"} {
		t.Run(dir, func(t *testing.T) {
			s := newScripted(t, PrePush, dir, "0")
			if stderr, code := runScript(t, s.path, "x\n"); code != 0 || stderr != "" {
				t.Errorf("exit code %d, %q", code, stderr)
			}
			if got := read(t, s.log); got != "<hook><run><pre-push>\nx\n" {
				t.Errorf("the program was given %q", got)
			}
			if state, program := recognize(PrePush, read(t, s.path)); state != Installed || program != s.program {
				t.Errorf("the script is %s and runs %q instead of %q", state, program, s.program)
			}
		})
	}
}

// TestScriptPassesOn has the codes that git gets to see.
func TestScriptPassesOn(t *testing.T) {
	for _, code := range []string{"1", "2", "3", "5", "130"} {
		s := newScripted(t, PrePush, "bin", code)
		write(t, s.path+Before, "#!/bin/sh\necho ran >&2\n", 0o755)
		if stderr, got := runScript(t, s.path, "x\n"); got == 0 || stderr != "" {
			t.Errorf("program with code %s: exit code %d, %q", code, got, stderr)
		}
	}
}

// TestScriptFailsClosed has a program that cannot be run any more.
func TestScriptFailsClosed(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, program string)
		ours  bool // the script says it, and not only the shell
	}{
		{"removed", func(t *testing.T, program string) { must(t, os.Remove(program)) }, true},
		{"not executable", func(t *testing.T, program string) { must(t, os.Chmod(program, 0o644)) }, true},
		{"no program", func(t *testing.T, program string) { write(t, program, "\x7fELF", 0o755) }, false},
		{"a directory", func(t *testing.T, program string) { must(t, os.Remove(program)); must(t, os.Mkdir(program, 0o777)) }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScripted(t, ReferenceTransaction, "bin", "0")
			test.spoil(t, s.program)
			stderr, code := runScript(t, s.path, zeros+" "+some+" refs/heads/main\n", "prepared")
			if code == 0 || stderr == "" {
				t.Errorf("exit code %d, %q", code, stderr)
			}
			if lines := strings.Count(stderr, "\n"); test.ours && lines != 2 {
				t.Errorf("it says more: %q", stderr)
			}
			for _, want := range []string{s.program + " cannot be run", "nix-authorize hook install", `rm "` + s.path + `"`} {
				if test.ours && !strings.Contains(stderr, want) {
					t.Errorf("it does not say %q: %q", want, stderr)
				}
			}
			if stderr, code := runScript(t, s.path, zeros+" "+some+" refs/tags/v1\n", "prepared"); code != 0 {
				t.Errorf("a tag does not pass: %d, %q", code, stderr)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestScriptChains has the hook that was there before: it gets what git gives, in
// every state, and its veto counts.
func TestScriptChains(t *testing.T) {
	branch := zeros + " " + some + " refs/heads/main\n"
	tag := zeros + " " + some + " refs/tags/v1\n\n"
	for _, state := range []string{"preparing", "prepared", "committed", "aborted"} {
		for _, stdin := range []string{branch, tag} {
			s := newScripted(t, ReferenceTransaction, "bin", "0")
			log := filepath.Join(t.TempDir(), "log")
			write(t, s.path+Before, recorder(log, "7"), 0o755)
			if stderr, code := runScript(t, s.path, stdin, state); code != 7 || stderr != "" {
				t.Errorf("%s: exit code %d, %q", state, code, stderr)
			}
			if got, want := read(t, log), "<"+state+">\n"+stdin; got != want {
				t.Errorf("the hook was given %q instead of %q", got, want)
			}
		}
	}
}

// TestScriptChainsLazily has hooks that do not read and hooks that git would not run.
func TestScriptChainsLazily(t *testing.T) {
	long := strings.Repeat(zeros+" "+some+" refs/heads/main\n", 5000) // more than a pipe holds
	for name, test := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"does not read":  {"#!/bin/sh\nexit 0\n", 0o755},
		"not executable": {"#!/bin/sh\nexit 1\n", 0o644},
	} {
		s := newScripted(t, PrePush, "bin", "0")
		write(t, s.path+Before, test.text, test.mode)
		deaf := filepath.Join(t.TempDir(), "deaf") // as git may be
		write(t, deaf, "#!/bin/sh\ntrap '' PIPE\nexec "+quote(s.path)+" \"$@\"\n", 0o755)
		for _, path := range []string{s.path, deaf} {
			if stderr, code := runScript(t, path, long, "origin", "url"); code != 0 || stderr != "" {
				t.Errorf("%s: exit code %d, %q", name, code, stderr)
			}
		}
	}
}

// TestRecognize has files that look like scripts of ours.
func TestRecognize(t *testing.T) {
	text := script(PrePush, "/bin/x")
	body := "# another version\nnix_authorize='/bin/x'\n"
	tests := []struct {
		name, content string
		want          State
	}{
		{"ours", text, Installed},
		{"of another version", scriptHeader(PrePush, 99, body) + body, Outdated},
		{"added to", text + "echo more\n", Edited},
		{"changed", strings.Replace(text, "exit", "exit 0;", 1), Edited},
		{"cut off", text[:len(text)-1], Edited},
		{"only its beginning", "#!/bin/sh\n# nix-authorize hook pre-push, version 1, sum ", Edited},
		{"of another hook", script(PreReceive, "/bin/x"), Foreign},
		{"of somebody else", "#!/bin/sh\nnix-authorize hook run pre-push\n", Foreign},
		{"empty", "", Foreign},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := recognize(PrePush, test.content); got != test.want {
				t.Errorf("it is %s instead of %s", got, test.want)
			}
		})
	}
}
