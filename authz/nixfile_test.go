package authz

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// nixWith is a file with alice, who may do everything, and more entries.
func nixWith(entries string) string {
	return "version: 1\nkeys:\n  - name: alice\n    openpgp: " + fpAlice + "\n" + entries
}

// nixEntry is a file with alice and one more entry, written as a flow mapping.
func nixEntry(fields string) string { return nixWith("  - {" + fields + "}\n") }

func TestNixFileExample(t *testing.T) {
	content, err := os.ReadFile("../.nix-authorizations.example")
	if err != nil {
		t.Fatal(err)
	}
	a := mustParse(t, NixFormat, string(content))
	if a.Format != NixFormat || a.Merges != MergesVouched || a.Threshold != 2 {
		t.Errorf("%+v", a)
	}
	entries := a.Entries()
	if len(entries) != 4 {
		t.Fatalf("%+v", entries)
	}
	want := []Entry{
		{Name: "alice", Key: fpAlice, Rights: allRights},
		{Name: "bob", Key: fpBob, SSHKey: sshBob, Rights: allRights},
		{Name: "hello-maintainer", Key: entries[2].Key, SSHKey: entries[2].SSHKey, Rights: RightCommit, Paths: []string{"pkgs/by-name/he/hello/"}},
		{Name: "github-web-flow", Key: fpForge, Rights: RightMerge},
	}
	if !equalEntries(entries, want) {
		t.Errorf("%+v\ninstead of\n%+v", entries, want)
	}
	if !strings.HasPrefix(entries[2].SSHKey, "sk-ssh-ed25519@openssh.com ") {
		t.Errorf("no FIDO key: %+v", entries[2])
	}
	for _, e := range entries {
		if line := strings.Split(string(content), "\n")[e.Line-1]; line != "  - name: "+e.Name {
			t.Errorf("%s is not on line %d: %s", e.Name, e.Line, line)
		}
	}
}

func TestNixFileAccepts(t *testing.T) {
	digits := strings.Repeat("1234567890", 4)
	for _, c := range []struct {
		name, file string
		want       string // what of the last entry and the file is asserted
	}{
		{"defaults", nixWith(""), "alice " + fpAlice + " [commit, merge, authorize] [] strict 1"},
		{"lower case and odd spaces", nixEntry("name: x, openpgp: 0123456789abcdef0123 456789abcdef01234567"),
			"x 0123456789ABCDEF0123456789ABCDEF01234567 [commit, merge, authorize] [] strict 1"},
		{"64 digits", nixEntry("name: x, openpgp: " + fpLong), "x " + fpLong + " [commit, merge, authorize] [] strict 1"},
		{"digits that YAML takes for a number", nixEntry("name: x, openpgp: " + digits), "x " + digits + " [commit, merge, authorize] [] strict 1"},
		{"digits that YAML takes for a float", nixEntry("name: x, openpgp: 12e4567890123456789012345678901234567890"),
			"x 12E4567890123456789012345678901234567890 [commit, merge, authorize] [] strict 1"},
		{"leading zeros", nixEntry("name: x, openpgp: 0000000000000000000000000000000000000000"),
			"x 0000000000000000000000000000000000000000 [commit, merge, authorize] [] strict 1"},
		{"quoted values and fields", "\"version\": 1\n'merges': 'signed'\nkeys: [{\"name\": \"\\u00e9 it''s\", 'openpgp': \"" + fpAlice + "\"}]\n",
			"é it''s " + fpAlice + " [commit, merge, authorize] [] signed 1"},
		{"quoted text like a number", nixEntry("name: '12', openpgp: " + fpLong + ", paths: ['1.0', \"yes\"]"), "12 " + fpLong + " [commit] [1.0 yes] strict 1"},
		{"one flow mapping", "{version: 1, threshold: 1, merges: strict, keys: [{name: a b, openpgp: " + fpAlice + ", may: [authorize]}]}",
			"a b " + fpAlice + " [authorize] [] strict 1"},
		{"a document marker at the beginning and one at the end", "--- # comment\n" + nixWith("...\n# the end\n"),
			"alice " + fpAlice + " [commit, merge, authorize] [] strict 1"},
		{"rights in any order", nixEntry("name: x, openpgp: " + fpLong + ", may: [authorize, commit]"), "x " + fpLong + " [commit, authorize] [] strict 1"},
		{"paths with the right they have", nixEntry("name: x, openpgp: " + fpLong + ", may: [commit], paths: [b/, a/b, .github, a b, ..x, é]"),
			"x " + fpLong + " [commit] [b/ a/b .github a b ..x é] strict 1"},
		{"a name of 100 characters", nixEntry("name: " + strings.Repeat("é", 100) + ", openpgp: " + fpLong),
			strings.Repeat("é", 100) + " " + fpLong + " [commit, merge, authorize] [] strict 1"},
		{"threshold that is just met", strings.Replace(nixEntry("name: x, openpgp: "+fpLong+", may: [authorize]"), "keys", "threshold: 2\nkeys", 1),
			"x " + fpLong + " [authorize] [] strict 2"},
		{"comments with emoji and Hebrew", "# 👩‍💻 שלום\n" + nixWith(""), "alice " + fpAlice + " [commit, merge, authorize] [] strict 1"},
		{"ssh", nixEntry("name: x, ssh: " + sshBob + "}   # comment\n#"), "x " + fpBob + " [commit, merge, authorize] [] strict 1"},
		{"fields in any order", "keys:\n- paths: [a]\n  openpgp: " + fpLong + "\n  name: p\n- openpgp: " + fpAlice + "\n  name: a\nversion: 1",
			"a " + fpAlice + " [commit, merge, authorize] [] strict 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := mustParse(t, NixFormat, c.file)
			entries := a.Entries()
			e := entries[len(entries)-1]
			if got := fmt.Sprintf("%s %s [%s] %v %s %d", e.Name, e.Key, e.Rights, e.Paths, a.Merges, a.Threshold); got != c.want {
				t.Errorf("%s\ninstead of\n%s", got, c.want)
			}
		})
	}
}

func TestNixFileRefusesFields(t *testing.T) {
	const key = "keys: [{name: a, openpgp: " + fpAlice + "}]\n"
	for _, c := range []refusal{
		{"empty", "‸", "the file is empty", `"version: 1"`},
		{"comments only", "‸# nothing\n", "the file is empty", `"version: 1"`},
		{"a null", "‸~\n", "the file is not a mapping", `"version: 1"`},
		{"a list", "‸- version: 1\n", "the file is not a mapping", `"version: 1"`},
		{"a text", "‸version\n", "the file is not a mapping", `"version: 1"`},
		{"no version", "‸" + key, "no version", "version: 1"},
		{"version 2", key + "version: ‸2\n", "unknown version 2", "version 1, the only one that this program reads"},
		{"version 2 with other fields", "trust: all\nversion: ‸2\n", "unknown version 2", "version 1"},
		{"version 0", "version: ‸0\n" + key, "not a plain number", "version: 1"},
		{"version 1.0", "version: ‸1.0\n" + key, "not a plain number", "version: 1"},
		{"version 01", "version: ‸01\n" + key, "not a plain number", "version: 1"},
		{"version 0x1", "version: ‸0x1\n" + key, "not a plain number", "version: 1"},
		{"version +1", "version: ‸+1\n" + key, "not a plain number", "version: 1"},
		{"version in quotes", "version: ‸\"1\"\n" + key, "not a plain number", "version: 1"},
		{"version list", "version: ‸[1]\n" + key, "not a plain number", "version: 1"},
		{"empty version", "version:‸\n" + key, "not a plain number", "version: 1"},
		{"unknown field", "version: 1\n‸treshold: 2\n" + key, `unknown field "treshold"`, "one of version, merges, threshold, keys"},
		{"field in upper case", "version: 1\n‸Keys: 2\n" + key, `unknown field "Keys"`, "one of"},
		{"field that is no text", "version: 1\n? ‸[a]\n: 2\n" + key, `unknown field ""`, "one of"},
		{"unknown field is escaped and shortened", "version: 1\n‸\"\\u202e" + strings.Repeat("x", 70) + "\": 2\n" + key, `"\u202e` + strings.Repeat("x", 59) + `"…`, "one of"},
		{"repeated field", "version: 1\n" + key + "‸keys: []\n", `repeated field "keys"`, "each field once"},
		{"repeated field in other spelling", "version: 1\nmerges: strict\n" + key + "‸\"m\\x65rges\": signed\n", `repeated field "merges"`, "each field once"},
		{"repeated version", "version: 1\n" + key + "‸version: 1\n", `repeated field "version"`, "each field once"},
		{"unknown merges", "version: 1\nmerges: ‸all\n" + key, `unknown rule for merges "all"`, "one of strict, signed, vouched"},
		{"merges in upper case", "version: 1\nmerges: ‸Strict\n" + key, "unknown rule", "one of strict, signed, vouched"},
		{"empty merges", "version: 1\nmerges:‸\n" + key, "unknown rule", "one of strict, signed, vouched"},
		{"merges list", "version: 1\nmerges: ‸[strict]\n" + key, "unknown rule", "one of strict, signed, vouched"},
		{"threshold 0", "version: 1\nthreshold: ‸0\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold -1", "version: 1\nthreshold: ‸-1\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold 1.5", "version: 1\nthreshold: ‸1.5\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold 1_0", "version: 1\nthreshold: ‸1_0\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold in quotes", "version: 1\nthreshold: ‸'1'\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold null", "version: 1\nthreshold: ‸null\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold beyond all numbers", "version: 1\nthreshold: ‸99999999999999999999\n" + key, "not a plain number of keys", "a whole number from 1"},
		{"threshold 2 of one key", "version: 1\nthreshold: ‸2\n" + key, "could never be met: it is 2, and 1 of the keys may authorize", "at least as many"},
		{"threshold 2 of two keys of which one may authorize",
			"version: 1\nthreshold: ‸2\nkeys:\n- {name: a, openpgp: " + fpAlice + "}\n- {name: b, openpgp: " + fpLong + ", may: [commit, merge]}\n", "could never be met", "at least as many"},
		{"no key may authorize", "version: 1\nkeys: ‸[{name: a, openpgp: " + fpAlice + ", may: [commit]}]\n", "could never be met: it is 1, and 0", "at least as many"},
		{"only a key with paths", "version: 1\nkeys: ‸[{name: a, openpgp: " + fpAlice + ", paths: [a]}]\n", "could never be met: it is 1, and 0", "at least as many"},
		{"no keys", "‸version: 1\n", "no keys", "a list of keys"},
		{"empty keys", "version: 1\nkeys:‸\n", "no list of keys", "a list of keys"},
		{"empty list of keys", "version: 1\nkeys: ‸[]\n", "no list of keys", "a list of keys"},
		{"keys as a mapping", "version: 1\nkeys:\n  ‸alice: x\n", "no list of keys", "a list of keys"},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, NixFormat) })
	}
}

func TestNixFileRefusesEntries(t *testing.T) {
	const k = "openpgp: " + fpLong
	for _, c := range []refusal{
		{"text", nixWith("  - ‸alice\n"), "the key is not a mapping", "fields: one of name, openpgp, ssh, may, paths"},
		{"unknown field", nixEntry("name: x, ‸keyz: y"), `unknown field "keyz"`, "one of name, openpgp, ssh, may, paths"},
		{"repeated field", nixEntry("name: x, " + k + ", ‸name: y"), `repeated field "name"`, "each field once"},
		{"no name", nixWith("  - ‸{" + k + "}\n"), "a key without a name", "a name of 1 to 100"},
		{"empty name", nixEntry("name: ‸'', " + k), "an empty name", "a name of 1 to 100"},
		{"null name", nixEntry("name: ‸~, " + k), `something else than a text: "~"`, "put it into quotes"},
		{"name without value", nixWith("  - name:‸\n    " + k + "\n"), "something else than a text", "put it into quotes"},
		{"boolean name", nixEntry("name: ‸true, " + k), `something else than a text: "true"`, "put it into quotes"},
		{"name that is a boolean to YAML 1.1", nixEntry("name: ‸Yes, " + k), `something else than a text: "Yes"`, "put it into quotes"},
		{"integer name", nixEntry("name: ‸12, " + k), "something else than a text", "put it into quotes"},
		{"float name", nixEntry("name: ‸1e3, " + k), "something else than a text", "put it into quotes"},
		{"date name", nixEntry("name: ‸2024-01-01, " + k), "something else than a text", "put it into quotes"},
		{"list as name", nixEntry("name: ‸[x], " + k), "a name that is not a text", "a text"},
		{"long name", nixEntry("name: ‸" + strings.Repeat("é", 101) + ", " + k), "more than 100 characters", "a name of 1 to 100"},
		{"name with a space around", nixEntry("name: ‸'alice ', " + k), "begins or ends with a space", "a name of 1 to 100"},
		{"name with a line feed", nixEntry("name: ‸\"a\\nb\", " + k), "not printable", "printable characters"},
		{"name with an escape character", nixEntry("name: ‸\"a\\eb\", " + k), "not printable", "printable characters"},
		{"name with a bidi character", nixEntry("name: ‸\"a\\u202eb\", " + k), "not printable", "printable characters"},
		{"name with a zero-width space", nixEntry("name: ‸a\u200bb, " + k), "not printable", "printable characters"},
		{"repeated name", nixWith("  - ‸{name: alice, " + k + "}\n"), `the name "alice" is that of the key on line 3 too`, "each name once"},
		{"repeated key", nixWith("  - ‸{name: x, openpgp: " + fpAlice + "}\n"), "the key " + fpAlice + " is listed on line 3 too", "each key once"},
		{"repeated key in other spelling", nixWith("  - ‸{name: x, openpgp: '2a39 3fff 68f4 ef7a 3d29  12af 6f51 20a0 22fb b2d5'}\n"), "is listed on line 3 too", "each key once"},
		{"repeated SSH key", nixWith("  - {name: x, ssh: " + sshBob + "}\n  - ‸{name: z, ssh: '" + sshBob + "'}\n"), "the key " + fpBob + " is listed on line 5 too", "each key once"},
		{"no key", nixWith("  - ‸{name: x}\n"), "an entry without a key", "openpgp and a fingerprint, or ssh and a public key"},
		{"two keys", nixEntry("name: x, " + k + ", ssh: ‸" + sshBob), "openpgp and ssh in one entry", "two entries"},
		{"39 digits", nixEntry("name: x, openpgp: ‸" + fpAlice[1:]), "is not an OpenPGP fingerprint", "40 or 64 hexadecimal digits"},
		{"key id", nixEntry("name: x, openpgp: ‸" + fpAlice[24:]), "is not an OpenPGP fingerprint", "40 or 64 hexadecimal digits"},
		{"no digits", nixEntry("name: x, openpgp: ‸0x" + fpAlice[2:]), "is not an OpenPGP fingerprint", "40 or 64 hexadecimal digits"},
		{"SSH fingerprint", nixEntry("name: x, openpgp: ‸" + fpBob), "is not an OpenPGP fingerprint", "40 or 64 hexadecimal digits"},
		{"empty fingerprint", nixWith("  - name: x\n    openpgp:‸\n"), "is not an OpenPGP fingerprint", "40 or 64 hexadecimal digits"},
		{"list of fingerprints", nixEntry("name: x, openpgp: ‸[" + fpLong + "]"), "is not an OpenPGP fingerprint", "40 or 64 hexadecimal digits"},
		{"fingerprint on two lines", nixWith("  - name: x\n    openpgp: ‸2A39 3FFF 68F4 EF7A 3D29\n      12AF 6F51 20A0 22FB B2D6\n"), "several lines", "one line"},
		{"ssh as a list", nixEntry("name: x, ssh: ‸[" + sshBob + "]"), "not a public key", `"TYPE BASE64"`},
		{"ssh fingerprint as key", nixEntry("name: x, ssh: ‸" + fpBob), "not a key type and a key", `"TYPE BASE64"`},
		{"empty ssh", nixWith("  - name: x\n    ssh:‸\n"), "not a key type and a key", `"TYPE BASE64"`},
		{"ssh with a comment", nixEntry("name: x, ssh: ‸" + sshBob + " bob@host"), "there is text behind the SSH key", `without options and comment`},
		{"ssh that is cut short", nixEntry("name: x, ssh: ‸" + sshBob[:len(sshBob)-4]), "the ssh-ed25519 key is damaged: it is cut short", `"TYPE BASE64"`},
		{"may as a text", nixEntry("name: x, " + k + ", may: ‸commit"), "no list of rights", "a list of some of commit, merge, authorize"},
		{"empty may", nixEntry("name: x, " + k + ", may: ‸[]"), "no list of rights", "a list of some of"},
		{"may without value", nixWith("  - name: x\n    " + k + "\n    may:‸\n"), "no list of rights", "a list of some of"},
		{"unknown right", nixEntry("name: x, " + k + ", may: [commit, ‸push]"), `unknown right "push"`, "a list of some of"},
		{"right in upper case", nixEntry("name: x, " + k + ", may: [‸Commit]"), `unknown right "Commit"`, "a list of some of"},
		{"list as a right", nixEntry("name: x, " + k + ", may: [‸[commit]]"), `unknown right ""`, "a list of some of"},
		{"repeated right", nixEntry("name: x, " + k + ", may: [commit, merge, ‸commit]"), `repeated right "commit"`, "each right once"},
		{"paths with merge", nixEntry("name: x, " + k + ", paths: [a], may: ‸[merge]"), "a key with paths never authorizes and never signs merges", "may: [commit]"},
		{"paths with authorize too", nixEntry("name: x, " + k + ", may: ‸[commit, authorize], paths: [a]"), "a key with paths never authorizes and never signs merges", "may: [commit]"},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, NixFormat) })
	}
}

func TestNixFileRefusesPaths(t *testing.T) {
	for _, c := range []refusal{
		{"text", "‸a", "no list of paths", "a list of paths"},
		{"empty list", "‸[]", "no list of paths", "a list of paths"},
		{"no text", "[‸[a]]", "a path that is not a text", "a text"},
		{"number", "[‸1.0]", "something else than a text", "put it into quotes"},
		{"empty", "[a, ‸'']", `path "" is empty`, "relative to the root"},
		{"slash", "[‸/]", `path "/" is empty`, "relative to the root"},
		{"absolute", "[‸/a]", `path "/a" is absolute`, "relative to the root"},
		{"two slashes", "[‸a//b]", "has an empty component", "relative to the root"},
		{"two slashes at the end", "[‸a//]", "has an empty component", "relative to the root"},
		{"whole tree", "[‸.]", "has a component .", "relative to the root"},
		{"dot first", "[‸./a]", "has a component .", "relative to the root"},
		{"parent", "[‸a/../b]", "has a component ..", "relative to the root"},
		{"parent last", "[‸a/../]", "has a component ..", "relative to the root"},
		{"control character", `[‸"a\tb"]`, "has a control or formatting character", "relative to the root"},
		{"bidi character", `[‸"a\u2067b"]`, "has a control or formatting character", "relative to the root"},
		{"too long", "[‸" + strings.Repeat("a", 4097) + "]", "is too long", "relative to the root"},
		{"repeated", "[a, b, ‸a]", `repeated path "a"`, "each path once"},
		{"repeated as a directory", "[a, ‸a/]", `repeated path "a/"`, "each path once"},
	} {
		c.file = nixEntry("name: x, openpgp: " + fpLong + ", paths: " + c.file)
		t.Run(c.name, func(t *testing.T) { c.test(t, NixFormat) })
	}
}

func TestNixFileRefusesYAML(t *testing.T) {
	for _, c := range []refusal{
		{"second document", nixWith("‸---\nversion: 1\n"), "a second document", "one document"},
		{"second document, empty", nixWith("...\n‸---\n"), "a second document", "one document"},
		{"second document, malformed", nixWith("---\n‸\"\n"), "not YAML", "well-formed YAML"},
		{"directive", "‸%YAML 1.2\n---\n" + nixWith(""), "a YAML directive", "version: 1"},
		{"directive for a second document", nixWith("...\n‸%TAG ! x\n"), "a YAML directive", "version: 1"},
		{"tag", "version: ‸!!int 1\n", "a tag", "the value alone"},
		{"tag of a text", nixEntry("name: ‸!!str x"), "a tag", "the value alone"},
		{"local tag", nixEntry("name: ‸!x x"), "a tag", "the value alone"},
		{"long tag", nixEntry("name: ‸!<tag:yaml.org,2002:str> x"), "a tag", "the value alone"},
		{"tag that the library does not report", "version: ‸! 1\n", "a tag", "the value alone"},
		{"the same in front of a list", nixEntry("name: x, may: ‸! [commit]"), "a tag", "the value alone"},
		{"the same in front of a block", "‸!\nversion: 1\n", "a tag", "the value alone"},
		{"tag of a field", "‸! version: 1\n", "a tag", "the value alone"},
		{"tag of nothing", "version: ‸!\n", "a tag", "the value alone"},
		{"anchor behind a tag", "version: ‸! &a 1\n", "an anchor", "the value alone"},
		{"anchor", "version: ‸&a 1\n", "an anchor", "the value alone"},
		{"anchor of a field", "‸&a version: 1\n", "an anchor", "the value alone"},
		{"anchor of a list", "version: 1\nkeys: ‸&a [x]\n", "an anchor", "the value alone"},
		{"anchor of nothing", "version: 1\nkeys: ‸&a\n", "an anchor", "the value alone"},
		{"alias without anchor", "version: 1\nkeys: ‸*a\n", "an alias", "the value itself"},
		{"alias as a field", "version: 1\n‸*a : 1\n", "an alias", "the value itself"},
		{"merge key", nixEntry("‸<<: {name: x}"), "a merge key", "fields written out"},
		{"quoted merge key", nixEntry("‸'<<': {name: x}"), `unknown field "<<"`, "one of"},
		{"literal block", nixWith("  - name: ‸|\n      x\n"), "a value of several lines", "one line"},
		{"folded block", nixWith("  - name: ‸>-\n      x\n"), "a value of several lines", "one line"},
		{"plain value on two lines", nixWith("  - name: ‸x\n     y\n"), "a value of several lines", "one line"},
		{"double-quoted value on two lines", nixWith("  - name: ‸\"x\n     y\"\n"), "a value of several lines", "one line"},
		{"double-quoted value with an escaped line break", nixWith("  - name: ‸\"x\\\n     y\"\n"), "a value of several lines", "one line"},
		{"single-quoted value on two lines", nixWith("  - name: ‸'x''\n     y'\n"), "a value of several lines", "one line"},
		{"field on two lines", "? ‸\"ver\\\n  sion\"\n: 1\n", "a value of several lines", "one line"},
		{"tab as indentation", "version: 1\nkeys:\n‸\t- x\n", "a tab", "spaces"},
		{"tab in a flow mapping", "{version:‸\t1}\n", "a tab", "spaces"},
		{"tab in a comment", "version: 1 #‸\t\n", "a tab", "spaces"},
		{"colon at the end of a value", nixEntry("name: ‸a:, openpgp: " + fpLong), "ends with a colon", "in quotes"},
		{"colon at the end of a path", nixEntry("name: x, openpgp: " + fpLong + ", paths: [a, ‸b c:]"), "ends with a colon", "in quotes"},
		{"unclosed list on line 1", "{version: 1\n‸", "not YAML", "well-formed YAML"},
		{"two values", "version: 1\nkeys: x\n  ‸y: z\n", "not YAML: mapping values are not allowed", "well-formed YAML"},
		{"a list item among fields", "version: 1\n‸- x\n", "not YAML: did not find expected key", "well-formed YAML"},
		{"unclosed list", "version: 1\nkeys: [\n‸", "not YAML: did not find expected node content", "well-formed YAML"},
		{"unclosed quote", "version: 1\n‸merges: 'x\n", "not YAML: found unexpected end of stream", "well-formed YAML"},
		{"undefined tag handle", "version: 1\n‸merges: !a!b x\n", "not YAML: found undefined tag handle", "well-formed YAML"},
		{"unknown escape", "version: 1\n‸merges: \"\\q\"\n", "not YAML: found unknown escape", "well-formed YAML"},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, NixFormat) })
	}
}
