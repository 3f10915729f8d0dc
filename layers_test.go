// Package layers_test holds the program to docs/architecture.md: who may import
// whom.
package layers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/nix-authorize/nix-authorize"

// allowed are the packages of ours that each package outside internal and cmd
// may import. One that is not listed has no place in the house yet.
var allowed = map[string][]string{
	"gitwalk":          {},
	"gitwalk/gitrepo":  {"gitwalk", "internal/gitcli"},
	"keyring/signer":   {},
	"keyring":          {"keyring/signer"},
	"authz":            {"gitwalk", "keyring/signer"},
	"internal/gitcli":  {},
	"internal/private": {},
}

// A goPackage is what go list says of a package, without what is of no interest.
type goPackage struct {
	Dir, ImportPath         string
	GoFiles, IgnoredGoFiles []string
	Imports, Deps           []string
}

// name is the import path within the module.
func (p *goPackage) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// ours are the imports within the module.
func (p *goPackage) ours() []string {
	var names []string
	for _, path := range p.Imports {
		if name, ok := strings.CutPrefix(path, module+"/"); ok {
			names = append(names, name)
		}
	}
	return names
}

// isBench says whether a package is one of those that measure the program from outside.
func isBench(name string) bool { return name == "bench" || strings.HasPrefix(name, "bench/") }

// packages are those of the module, by name. What only tests import is not in the
// lists.
func packages(t *testing.T) map[string]*goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=Dir,ImportPath,GoFiles,IgnoredGoFiles,Imports,Deps", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	all := make(map[string]*goPackage)
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(goPackage)
		err := decoder.Decode(p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.name()] = p
	}
	for name := range allowed {
		if all[name] == nil {
			t.Fatalf("there is no package %s", name)
		}
	}
	return all
}

func TestWhoImportsWhom(t *testing.T) {
	for name, p := range packages(t) {
		may, listed := allowed[name]
		if !listed && !strings.HasPrefix(name, "internal/") && !strings.HasPrefix(name, "cmd/") && !isBench(name) && name != module {
			t.Errorf("%s has no place in docs/architecture.md", name)
		}
		for _, other := range p.ours() {
			if listed && !slices.Contains(may, other) {
				t.Errorf("%s imports %s", name, other)
			}
			if strings.HasPrefix(other, "cmd/") {
				t.Errorf("%s imports the command", name)
			}
		}
	}
}

// The rule can be tested on graphs that exist only in memory, and nothing that
// reads repositories or signatures can change what it says.
func TestRulesLinkNoLibraries(t *testing.T) {
	libraries := []string{"gopkg.in/yaml.v3", "github.com/pjbgf/sha1cd", module}
	all := packages(t)
	for _, name := range []string{"authz", "gitwalk", "keyring/signer"} {
		for _, path := range all[name].Deps {
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(libraries, func(l string) bool { return path == l || strings.HasPrefix(path, l+"/") }) {
				t.Errorf("%s links %s", name, path)
			}
		}
	}
	for _, path := range all["authz"].Deps {
		for _, part := range []string{"go-git", "openpgp", "go-crypto", "/crypto/ssh", "os/exec", "net/http"} {
			if strings.Contains(path, part) {
				t.Errorf("authz links %s", path)
			}
		}
	}
}

func TestTestingIsForTests(t *testing.T) {
	const support = "internal/gittest"
	for name, p := range packages(t) {
		if name == support || strings.HasPrefix(name, support+"/") {
			continue
		}
		for _, path := range p.Imports {
			if path == "testing" || strings.HasPrefix(path, "testing/") || strings.HasPrefix(path, module+"/"+support) {
				t.Errorf("%s imports %s outside of its tests", name, path)
			}
		}
	}
}

// Two packages start processes: git, with an environment that it knows, and the
// programs that sign for the user.
func TestOnlyTwoPackagesStartProcesses(t *testing.T) {
	may := []string{"internal/gitcli", "internal/signing", "internal/gittest"}
	starts := []string{"os.StartProcess(", "syscall.ForkExec(", "syscall.StartProcess(", "syscall.Exec(", "unix.Exec("}
	for name, p := range packages(t) {
		if slices.Contains(may, name) || strings.HasPrefix(name, "internal/gittest/") || isBench(name) {
			continue
		}
		if slices.Contains(p.Imports, "os/exec") {
			t.Errorf("%s imports os/exec", name)
		}
		for _, file := range append(p.GoFiles, p.IgnoredGoFiles...) {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			content, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range append(starts, `"os/exec"`, `"plugin"`, `import "C"`) {
				if strings.Contains(string(content), call) {
					t.Errorf("%s has %s", filepath.Join(name, file), call)
				}
			}
		}
	}
}
