package authz

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Bounds of what an entry holds, so that messages about it stay readable.
const (
	maxNameLength = 100  // characters
	maxPathLength = 4096 // bytes, PATH_MAX of Linux
)

// readKeys reads the list of entries, in which no name and no key is twice.
func readKeys(root, list *yaml.Node) ([]Entry, error) {
	const expected = "a list of keys, each with a name and openpgp or ssh"
	if list == nil {
		return nil, errorAtNode(root, "no keys", expected)
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, errorAtNode(list, "no list of keys", expected)
	}
	entries := make([]Entry, 0, len(list.Content))
	names, keys := map[string]int{}, map[signer.Fingerprint]int{}
	for _, node := range list.Content {
		e, err := readEntry(node)
		if err != nil {
			return nil, err
		}
		if line, taken := names[e.Name]; taken {
			return nil, errorAtNode(node, fmt.Sprintf("the name %s is that of the key on line %d too", excerpt(e.Name), line), "each name once")
		}
		if line, taken := keys[e.Key]; taken {
			return nil, errorAtNode(node, fmt.Sprintf("the key %s is listed on line %d too", e.Key, line), "each key once")
		}
		names[e.Name], keys[e.Key] = e.Line, e.Line
		entries = append(entries, e)
	}
	return entries, nil
}

func readEntry(node *yaml.Node) (Entry, error) {
	fields, err := fieldsOf(node, "the key", "name", "openpgp", "ssh", "may", "paths")
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Line: node.Line}
	if e.Name, err = readName(node, fields["name"]); err != nil {
		return Entry{}, err
	}
	if e.Key, e.SSHKey, err = readKey(node, fields["openpgp"], fields["ssh"]); err != nil {
		return Entry{}, err
	}
	if e.Paths, err = readPaths(fields["paths"]); err != nil {
		return Entry{}, err
	}
	if e.Rights, err = readRights(fields["may"], len(e.Paths) > 0); err != nil {
		return Entry{}, err
	}
	return e, nil
}

func readName(entry, node *yaml.Node) (string, error) {
	const expected = "a name of 1 to 100 printable characters"
	if node == nil {
		return "", errorAtNode(entry, "a key without a name", expected)
	}
	name, err := textOf(node, "a name")
	if err != nil {
		return "", err
	}
	switch {
	case name == "":
		return "", errorAtNode(node, "an empty name", expected)
	case utf8.RuneCountInString(name) > maxNameLength:
		return "", errorAtNode(node, "a name of more than 100 characters", expected)
	case strings.TrimSpace(name) != name:
		return "", errorAtNode(node, "a name that begins or ends with a space", expected)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", errorAtNode(node, "a character in the name that is not printable", expected)
	}
	return name, nil
}

// readKey reads which key the entry lists: exactly one of the two fields.
func readKey(entry, openpgp, ssh *yaml.Node) (signer.Fingerprint, string, error) {
	switch {
	case openpgp == nil && ssh == nil:
		return "", "", errorAtNode(entry, "an entry without a key", "openpgp and a fingerprint, or ssh and a public key")
	case openpgp != nil && ssh != nil:
		return "", "", errorAtNode(ssh, "openpgp and ssh in one entry", "one of them; a person with two keys has two entries")
	case ssh != nil:
		return readSSH(ssh)
	}
	key, err := signer.ParseFingerprint(openpgp.Value)
	if openpgp.Kind != yaml.ScalarNode || err != nil || key.IsSSH() {
		return "", "", errorAtNode(openpgp, excerpt(openpgp.Value)+" is not an OpenPGP fingerprint",
			"40 or 64 hexadecimal digits, spaces allowed")
	}
	return key, "", nil
}

func readSSH(node *yaml.Node) (signer.Fingerprint, string, error) {
	const expected = `an SSH public key as in authorized_keys, "TYPE BASE64", without options and comment`
	if node.Kind != yaml.ScalarNode {
		return "", "", errorAtNode(node, "not a public key", expected)
	}
	key, err := parseSSHKey(node.Value)
	if err != nil {
		return "", "", errorAtNode(node, err.Error(), expected)
	}
	return key, node.Value, nil
}

// readRights reads the field "may". Without it a key may do everything, and
// with paths it may commit: whoever may change the file or merge could change
// any path.
func readRights(node *yaml.Node, withPaths bool) (Right, error) {
	const expected = "a list of some of commit, merge, authorize"
	if node == nil {
		if withPaths {
			return RightCommit, nil
		}
		return allRights, nil
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		return 0, errorAtNode(node, "no list of rights", expected)
	}
	var rights Right
	for _, item := range node.Content {
		i := slices.Index(rightNames, item.Value)
		if i < 0 {
			return 0, errorAtNode(item, "unknown right "+excerpt(item.Value), expected)
		}
		if rights&(1<<i) != 0 {
			return 0, errorAtNode(item, "repeated right "+excerpt(item.Value), "each right once")
		}
		rights |= 1 << i
	}
	if withPaths && rights != RightCommit {
		return 0, errorAtNode(node, "a key with paths never authorizes and never signs merges", "may: [commit], or no field may")
	}
	return rights, nil
}

// readPaths reads the field "paths". The slash at the end of a directory makes
// no other path of it: "a" and "a/" are the same one twice.
func readPaths(node *yaml.Node) ([]string, error) {
	if node == nil {
		return nil, nil
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		return nil, errorAtNode(node, "no list of paths", "a list of paths, such as [pkgs/hello/]")
	}
	paths := make([]string, 0, len(node.Content))
	seen := map[string]bool{}
	for _, item := range node.Content {
		path, err := textOf(item, "a path")
		if err != nil {
			return nil, err
		}
		trimmed := strings.TrimSuffix(path, "/")
		if why := pathProblem(trimmed); why != "" {
			return nil, errorAtNode(item, fmt.Sprintf("path %s %s", excerpt(path), why), "a path relative to the root of the repository, such as pkgs/hello/")
		}
		if seen[trimmed] {
			return nil, errorAtNode(item, "repeated path "+excerpt(path), "each path once")
		}
		seen[trimmed] = true
		paths = append(paths, path)
	}
	return paths, nil
}

// pathProblem says why no path in a git tree is spelled so, or returns "".
func pathProblem(path string) string {
	switch {
	case path == "":
		return "is empty"
	case len(path) > maxPathLength:
		return "is too long"
	case strings.ContainsFunc(path, misleading):
		return "has a control or formatting character"
	case strings.HasPrefix(path, "/"):
		return "is absolute"
	}
	for component := range strings.SplitSeq(path, "/") {
		switch component {
		case "":
			return "has an empty component"
		case ".", "..":
			return "has a component " + component
		}
	}
	return ""
}

// textOf returns the text of a value that every YAML reader takes for a text.
// "yes" is one in YAML 1.2 and a boolean in YAML 1.1, so it must be quoted.
func textOf(node *yaml.Node, what string) (string, error) {
	if node.Kind != yaml.ScalarNode {
		return "", errorAtNode(node, what+" that is not a text", "a text")
	}
	if node.Tag != "!!str" || node.Style == 0 && slices.Contains(oldBooleans, strings.ToLower(node.Value)) {
		return "", errorAtNode(node, fmt.Sprintf("%s that YAML can take for something else than a text: %s", what, excerpt(node.Value)),
			`a text; put it into quotes`)
	}
	return node.Value, nil
}

// oldBooleans are the booleans of YAML 1.1 that are texts in YAML 1.2.
var oldBooleans = []string{"y", "n", "yes", "no", "on", "off"}
