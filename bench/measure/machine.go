package measure

import (
	"context"
	"os"
	"regexp"
	"runtime"
	"strings"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

var model = regexp.MustCompile(`(?m)^model name\s*: (.+)$`)

// machine describes this one, and what is installed on it.
func machine(ctx context.Context) Machine {
	m := Machine{Cores: runtime.GOMAXPROCS(0), Go: strings.TrimPrefix(runtime.Version(), "go"), System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := model.FindSubmatch(info); found != nil {
			m.Processor = string(found[1])
		}
	}
	m.Git = version(ctx, 2, "git", "--version")
	m.OpenSSL = version(ctx, 1, "openssl", "version")
	return m
}

// version is a word of what a program says of itself, or empty.
func version(ctx context.Context, word int, args ...string) string {
	out, _, err := process.Output(ctx, process.Command{Args: args, Env: process.Environment(os.TempDir())})
	if words := strings.Fields(string(out)); err == nil && len(words) > word {
		return words[word]
	}
	return ""
}
