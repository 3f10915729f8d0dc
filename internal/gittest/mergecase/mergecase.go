// Package mergecase makes random merges for tests: small trees, what two sides
// make of them, and what comes out path by path; and it writes histories into
// repositories.
package mergecase

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// The modes of files.
const (
	Ordinary   = "100644"
	Executable = "100755"
	Symlink    = "120000"
	Submodule  = "160000"
)

// A File is what a tree has at a path; the content of a submodule is an id.
type File struct{ Mode, Content string }

// Files are the files of a tree by their paths.
type Files map[string]File

// A Case is a base and what two sides made of it.
type Case struct {
	Base, Ours, Theirs Files
}

// The names of the cases are chosen so that files and directories of the same name
// stand apart in Git's order, with others between them.
var (
	directories = []string{"", "a/", "a/x/", "b/", "b/y/z/", "c/", "c.d/", "c/f/"}
	names       = []string{"a", "a.b", "c", "f", "f-g", "h", "h.nix"}
)

// Random makes a case.
func Random(rng *rand.Rand) Case {
	base := make(Files)
	for range 2 + rng.IntN(14) {
		base.add(rng, randomFile(rng))
	}
	c := Case{base, maps.Clone(base), maps.Clone(base)}
	for range 1 + rng.IntN(4) {
		c.Ours.Change(rng)
	}
	for range 1 + rng.IntN(4) {
		c.Theirs.Change(rng)
	}
	if rng.IntN(4) == 0 { // both make the same change
		at := rng.Uint64()
		c.Ours.Change(rand.New(rand.NewPCG(at, 0)))
		c.Theirs.Change(rand.New(rand.NewPCG(at, 0)))
	}
	return c
}

func randomFile(rng *rand.Rand) File {
	var b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&b, "line %d of some text with the number %d\n", i, rng.IntN(1000))
	}
	mode := Ordinary
	if rng.IntN(8) == 0 {
		mode = Executable
	}
	return File{mode, b.String()}
}

// add puts a file somewhere, in place of what stands in its way.
func (f Files) add(rng *rand.Rand, what File) {
	path := directories[rng.IntN(len(directories))] + names[rng.IntN(len(names))]
	for other := range f {
		if strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/") {
			delete(f, other)
		}
	}
	f[path] = what
}

// paths are in a fixed order, so that nothing depends on that of a map.
func (f Files) paths() []string { return slices.Sorted(maps.Keys(f)) }

func (f Files) pick(rng *rand.Rand) string {
	paths := f.paths()
	return paths[rng.IntN(len(paths))]
}

// Change makes one of the changes that people make.
func (f Files) Change(rng *rand.Rand) {
	if len(f) < 2 {
		f.add(rng, randomFile(rng))
		return
	}
	path := f.pick(rng)
	what := f[path]
	switch rng.IntN(11) {
	case 0, 1:
		f.add(rng, randomFile(rng))
	case 2:
		delete(f, path)
	case 3, 4:
		f[path] = what.edited(rng)
	case 5:
		f[path] = randomFile(rng)
	case 6: // rename
		delete(f, path)
		f.add(rng, what)
	case 7: // rename and edit
		delete(f, path)
		f.add(rng, what.edited(rng))
	case 8:
		f.moveDirectory(rng)
	case 9:
		f[path] = what.otherMode()
	case 10:
		f.add(rng, File{Submodule, fmt.Sprintf("%040x", 1+rng.IntN(3))})
	}
}

// edited has one other line.
func (w File) edited(rng *rand.Rand) File {
	if w.Mode == Submodule {
		return File{Submodule, fmt.Sprintf("%040x", 1+rng.IntN(9))}
	}
	lines := strings.SplitAfter(w.Content, "\n")
	lines[rng.IntN(len(lines))] = fmt.Sprintf("another line with the number %d\n", rng.IntN(1000))
	return File{w.Mode, strings.Join(lines, "")}
}

func (w File) otherMode() File {
	next := map[string]string{Ordinary: Executable, Executable: Symlink, Symlink: Ordinary, Submodule: Submodule}
	return File{next[w.Mode], w.Content}
}

func (f Files) moveDirectory(rng *rand.Rand) {
	from := directories[1+rng.IntN(len(directories)-1)]
	to := []string{"new/", "b/", "d/e/"}[rng.IntN(3)]
	if strings.HasPrefix(to, from) {
		return
	}
	before := maps.Clone(f)
	for _, path := range before.paths() {
		if rest, ok := strings.CutPrefix(path, from); ok {
			delete(f, path)
			f[to+rest] = before[path]
		}
	}
	f.Settle()
}

// Settle removes files where there are directories.
func (f Files) Settle() {
	for path := range f {
		if f.HasDirectory(path) {
			delete(f, path)
		}
	}
}

// HasDirectory says whether there is a file below path.
func (f Files) HasDirectory(path string) bool {
	for other := range f {
		if strings.HasPrefix(other, path+"/") {
			return true
		}
	}
	return false
}

// Merged is the mechanical merge path by path, and a reason if there is none: a
// path that both sides changed, or that would be a file and a directory.
func (c Case) Merged() (merged Files, reason string) {
	all := maps.Clone(c.Base)
	maps.Copy(all, c.Ours)
	maps.Copy(all, c.Theirs)
	merged = make(Files)
	for _, path := range all.paths() {
		base, ours, theirs := c.Base[path], c.Ours[path], c.Theirs[path]
		want := ours
		switch {
		case ours == theirs || theirs == base:
		case ours == base:
			want = theirs
		default:
			return nil, path
		}
		if want.Mode != "" {
			merged[path] = want
		}
	}
	for _, path := range merged.paths() {
		if merged.HasDirectory(path) {
			return nil, path
		}
	}
	return merged, ""
}
