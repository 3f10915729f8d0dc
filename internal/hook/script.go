package hook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// scriptVersion changes with the text of the scripts.
const scriptVersion = 1

// The parts of a script. It keeps what git gives it on standard input, since two
// programs have to read it, and "echo ." keeps the final newline from the shell.
// The variables have long names because the environment can have short ones, which
// would then be changed for the hook that was there before.
const (
	scriptStart = `# Written by "nix-authorize hook install"; do not change it. It judges branches before
# they move, and then runs the hook that was here before, which has the same name
# with %[3]s at its end. "nix-authorize hook uninstall" puts that back.
nix_authorize=%[2]s
nix_authorize_before=$0%[3]s
`
	// scriptPrepared ends in the states in which nothing can be prevented.
	scriptPrepared = `if [ "$1" != prepared ]; then
	[ -x "$nix_authorize_before" ] || exit 0
	exec "$nix_authorize_before" "$@"
fi
`
	scriptRead = `nix_authorize_stdin=$(cat && echo .) || exit 1
`
	// scriptBranches skips what cannot concern a branch without starting anything.
	scriptBranches = `case $nix_authorize_stdin in
*refs/heads/* | *refs/remotes/* | *ORIG_HEAD*) ;;
*) nix_authorize= ;;
esac
`
	// scriptJudge fails if the program is gone: what cannot be judged must not
	// pass as if it had been.
	scriptJudge = `if [ -n "$nix_authorize" ] && ! [ -x "$nix_authorize" ]; then
	{
		printf 'error: %%s cannot be run, so nothing can be judged and git may not go on\n' "$nix_authorize"
		printf 'hint: install nix-authorize again and run "nix-authorize hook install"'
		if [ -e "$nix_authorize_before" ]; then
			printf ', or give the hook up: mv "%%s" "%%s"\n' "$nix_authorize_before" "$0"
		else
			printf ', or give the hook up: rm "%%s"\n' "$0"
		fi
	} >&2
	exit 1
fi
if [ -n "$nix_authorize" ]; then
	printf %%s "${nix_authorize_stdin%%.}" 2>/dev/null | "$nix_authorize" hook run %[1]s "$@" || exit
fi
[ -x "$nix_authorize_before" ] || exit 0
printf %%s "${nix_authorize_stdin%%.}" 2>/dev/null | "$nix_authorize_before" "$@"
`
)

// script is the text of a hook that hands on to a program.
func script(name Name, program string) string {
	format := scriptStart + scriptRead + scriptJudge
	if name == ReferenceTransaction {
		format = scriptStart + scriptPrepared + scriptRead + scriptBranches + scriptJudge
	}
	body := fmt.Sprintf(format, name, quote(program), Before)
	return scriptHeader(name, scriptVersion, body) + body
}

const scriptFormat = "#!/bin/sh\n# nix-authorize hook %s, version %d, sum %s\n"

// scriptHeader is what tells a script of any version from files of other people.
func scriptHeader(name Name, version int, body string) string {
	sum := sha256.Sum256([]byte(body))
	return fmt.Sprintf(scriptFormat, name, version, hex.EncodeToString(sum[:]))
}

// recognize says what the file of a hook is by its content.
func recognize(name Name, content string) (state State, program string) {
	var version int
	if _, err := fmt.Sscanf(content, "#!/bin/sh\n# nix-authorize hook "+string(name)+", version %d, sum ", &version); err != nil {
		return Foreign, ""
	}
	lines := strings.SplitN(content, "\n", 3)
	if len(lines) < 3 || scriptHeader(name, version, lines[2])+lines[2] != content {
		return Edited, ""
	}
	program = programOf(lines[2])
	if script(name, program) == content {
		return Installed, program
	}
	return Outdated, program
}

func programOf(body string) string {
	for line := range strings.Lines(body) {
		if quoted, ok := strings.CutPrefix(line, "nix_authorize='"); ok {
			return strings.ReplaceAll(strings.TrimSuffix(quoted, "'\n"), `'\''`, "'")
		}
	}
	return ""
}

// quote writes a word of the shell's language.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
