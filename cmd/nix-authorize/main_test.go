package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// TestMain puts this binary on PATH as nix-authorize, with the race detector if
// the tests have it.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"nix-authorize": main})
}

// tests are all tests of the package, with what they share.
type tests struct{ *testing.M }

func (m tests) Run() int {
	dir, err := os.MkdirTemp("", "nix-authorize-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return gittest.Run(m.M.Run)
}

// scratch is a directory that all tests share, for what takes long to make.
var scratch string

// released is the program as people get it, without the race detector, for what
// would take too long with it.
var released = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "nix-authorize")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})
