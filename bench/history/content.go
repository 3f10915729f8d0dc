package history

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// The layout of a tree: 40 entries at the root, and packages two levels below one of
// them.
const (
	rootFiles     = 29 // beside the authorizations file and the shared one
	shards        = 40
	shardPackages = 20
	packages      = shards * shardPackages
)

const (
	authorizationsName = ".nix-authorizations"
	packagesName       = "pkgs"
	sharedName         = "all-packages.nix"
)

var otherDirectories = []string{".github", "ci", "doc", "lib", "maintainers", "modules", "nixos", "tests"}

// firstTree is the tree of the introduction.
func firstTree(authorizations []byte) *node {
	root := []named{
		{authorizationsName, file(authorizations)},
		{sharedName, file(shared{}.text())},
		{packagesName, firstPackages()},
	}
	for i := range rootFiles {
		root = append(root, named{rootFile(i), file(fmt.Appendf(nil, "{ release = %d; }\n", i))})
	}
	for _, name := range otherDirectories {
		root = append(root, named{name, directory([]named{{"README.md", file([]byte("# " + name + "\n"))}})})
	}
	return directory(root)
}

func firstPackages() *node {
	var all []named
	for s := range shards {
		var shard []named
		for p := range shardPackages {
			shard = append(shard, named{fmt.Sprintf("package-%02d", p), packageVersion(s*shardPackages+p, 0)})
		}
		all = append(all, named{fmt.Sprintf("%c%c", 'a'+s/20, 'a'+s%20), directory(shard)})
	}
	return directory(all)
}

func rootFile(i int) string { return fmt.Sprintf("release-%02d.nix", i) }

// packageFiles are the files of a package, in Git's order, each with its text at some
// version.
func packageFiles(pkg, version int) []named {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", pkg, version))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	return []named{
		{"default.nix", file(fmt.Appendf(nil, "{ stdenv, fetchurl }:\nstdenv.mkDerivation {\n  pname = \"package-%d\";\n  version = \"1.%d\";\n  src = fetchurl (import ./source.nix);\n}\n", pkg, version))},
		{"source.nix", file(fmt.Appendf(nil, "{\n  url = \"mirror://source/package-%d-1.%d.tar.xz\";\n  hash = \"sha256-%s\";\n}\n", pkg, version, hash))},
		{"update.json", file(fmt.Appendf(nil, "{\"package\": %d, \"seen\": \"1.%d\"}\n", pkg, version))},
	}
}

func packageVersion(pkg, version int) *node { return directory(packageFiles(pkg, version)) }

// A change is what one commit does: a new version of a package, and with every third
// one another release file at the root. Numbers near each other have nothing in common.
type change struct {
	number int
	pkg    int
}

func changeOf(number int) change { return change{number, number * 37 % packages} }

func (c change) title() string { return fmt.Sprintf("package-%d: 1.%d", c.pkg, c.number) }

// apply makes the change on top of a tree.
func (c change) apply(root *node) *node {
	path := []int{root.child(packagesName), c.pkg / shardPackages, c.pkg % shardPackages}
	old := root.at(path...)
	files := make(map[int]*node)
	for i, f := range packageFiles(c.pkg, c.number) {
		files[i] = f.child
	}
	top := map[int]*node{path[0]: root.at(path[0]).replace(path[1:], old.with(files))}
	if c.number%3 == 0 {
		name := rootFile(c.number / 3 % rootFiles)
		top[root.child(name)] = file(fmt.Appendf(nil, "{ release = %d; }\n", 1000+c.number))
	}
	return root.with(top)
}

// merge brings what the change has made in its branch into another tree.
func (c change) merge(into, branch *node) *node {
	path := []int{into.child(packagesName), c.pkg / shardPackages, c.pkg % shardPackages}
	top := map[int]*node{path[0]: into.at(path[0]).replace(path[1:], branch.at(path...))}
	if c.number%3 == 0 {
		at := into.child(rootFile(c.number / 3 % rootFiles))
		top[at] = branch.at(at)
	}
	return into.with(top)
}
