package authz

import (
	"fmt"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// parseNix reads .nix-authorizations, version 1 (docs/spec.md): a YAML mapping
// in the part of YAML 1.2 that leaves no doubt about what a file says.
// loadYAML holds what is refused of YAML, this file and nixfile_entry.go what
// the fields mean.
func parseNix(content []byte) (*Authorizations, error) {
	root, err := loadYAML(content)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(root); err != nil {
		return nil, err
	}
	fields, err := fieldsOf(root, "the file", "version", "merges", "threshold", "keys")
	if err != nil {
		return nil, err
	}
	merges, err := readMerges(fields["merges"])
	if err != nil {
		return nil, err
	}
	entries, err := readKeys(root, fields["keys"])
	if err != nil {
		return nil, err
	}
	threshold, err := readThreshold(fields, entries)
	if err != nil {
		return nil, err
	}
	return newAuthorizations(NixFormat, merges, threshold, entries), nil
}

// checkVersion looks for the version before anything else is said about the
// fields, since another version has other ones.
func checkVersion(root *yaml.Node) error {
	if root.Kind != yaml.MappingNode {
		return errorAtNode(root, "the file is not a mapping", `"version: 1" and other fields`)
	}
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value != "version" {
			continue
		}
		node := root.Content[i+1]
		switch v, ok := plainInteger(node); {
		case !ok:
			return errorAtNode(node, "the version is not a plain number", "version: 1")
		case v != 1:
			return errorAtNode(node, fmt.Sprintf("unknown version %d", v), "version 1, the only one that this program reads")
		}
		return nil
	}
	return errorAtNode(root, "no version", "version: 1")
}

// fieldsOf returns the values of a mapping by field and refuses fields that
// are unknown or repeated.
func fieldsOf(node *yaml.Node, what string, known ...string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		return nil, errorAtNode(node, what+" is not a mapping", "fields: "+oneOf(known))
	}
	fields := make(map[string]*yaml.Node, len(known))
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value) {
			return nil, errorAtNode(key, "unknown field "+excerpt(key.Value), oneOf(known))
		}
		if _, repeated := fields[key.Value]; repeated {
			return nil, errorAtNode(key, "repeated field "+excerpt(key.Value), "each field once")
		}
		fields[key.Value] = value
	}
	return fields, nil
}

func readMerges(node *yaml.Node) (MergeRule, error) {
	if node == nil {
		return MergesStrict, nil
	}
	if node.Kind == yaml.ScalarNode {
		switch rule := MergeRule(node.Value); rule {
		case MergesStrict, MergesSigned, MergesVouched:
			return rule, nil
		}
	}
	return "", errorAtNode(node, "unknown rule for merges "+excerpt(node.Value), "one of strict, signed, vouched")
}

// readThreshold reads the threshold, which the keys must be able to meet: a
// file that nobody can change again would end the history.
func readThreshold(fields map[string]*yaml.Node, entries []Entry) (int, error) {
	node, threshold := fields["keys"], 1
	if given := fields["threshold"]; given != nil {
		n, ok := plainInteger(given)
		if !ok {
			return 0, errorAtNode(given, "the threshold is not a plain number of keys", "a whole number from 1, such as 2")
		}
		node, threshold = given, n
	}
	able := 0
	for _, e := range entries {
		if e.Rights&RightAuthorize != 0 {
			able++
		}
	}
	if able < threshold {
		return 0, errorAtNode(node,
			fmt.Sprintf("the threshold could never be met: it is %d, and %d of the keys may authorize", threshold, able),
			"at least as many keys that may authorize as the threshold")
	}
	return threshold, nil
}

// plainInteger reads a whole number from 1 that is written in one way only:
// unquoted decimal digits without sign, separator or leading zero.
func plainInteger(node *yaml.Node) (int, bool) {
	if node.Kind != yaml.ScalarNode || node.Style != 0 {
		return 0, false
	}
	n, err := strconv.Atoi(node.Value)
	if err != nil || n < 1 || strconv.Itoa(n) != node.Value {
		return 0, false
	}
	return n, true
}
