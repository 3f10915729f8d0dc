package authfile

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

const (
	fpAlice = "2A39 3FFF 68F4 EF7A 3D29  12AF 6F51 20A0 22FB B2D5"
	fpBob   = "968479A1AFF927E37D1A566BB5690EEEBB952194"
	fpCarol = "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA"
	sshDave = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILxwqw223c4ap7hTfC1ZqKIyWpOSPqFWRZBiPbbskfNv"

	all = authz.RightCommit | authz.RightMerge | authz.RightAuthorize
)

func openpgp(t testing.TB, name, fingerprint string) authz.Entry {
	t.Helper()
	key, err := signer.ParseFingerprint(fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return authz.Entry{Name: name, Key: key, Rights: all}
}

// ssh is the entry of dave's key, read by the package that decides.
func ssh(t testing.TB, name string) authz.Entry {
	t.Helper()
	a, err := authz.ParseAuthorizations(authz.NixFormat, []byte("version: 1\nkeys:\n  - name: dave\n    ssh: "+sshDave+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	e := a.Entries()[0]
	e.Name = name
	return e
}

func TestAdd(t *testing.T) {
	carol := openpgp(t, "carol", fpCarol)
	limited := ssh(t, "dave")
	limited.Rights, limited.Paths = authz.RightCommit, []string{"pkgs/hello/", "it's"}
	forge := openpgp(t, "forge", fpCarol)
	forge.Rights = authz.RightMerge
	for _, c := range []struct {
		name   string
		before string
		entry  authz.Entry
		after  string
	}{
		{"block", `version: 1
keys:
  - name: alice
    openpgp: ` + fpAlice + `
`, carol, `version: 1
keys:
  - name: alice
    openpgp: ` + fpAlice + `
  - name: carol
    openpgp: ` + fpCarol + `
`},
		{"no newline at the end", "version: 1\nkeys:\n- name: alice\n  openpgp: " + fpBob, carol,
			"version: 1\nkeys:\n- name: alice\n  openpgp: " + fpBob + "\n- name: carol\n  openpgp: " + fpCarol + "\n"},
		{"comments and a field behind", `# head
version: 1
keys:   # the keys
  # alice
  - name: alice   # since 2020
    openpgp: ` + fpAlice + `
    # her token

  # end of the list

# rule
threshold: 1
# foot
`, carol, `# head
version: 1
keys:   # the keys
  # alice
  - name: alice   # since 2020
    openpgp: ` + fpAlice + `
    # her token
  - name: carol
    openpgp: ` + fpCarol + `

  # end of the list

# rule
threshold: 1
# foot
`},
		{"airy", `version: 1

keys:
    -   name: alice
        openpgp: ` + fpAlice + `

    -   name: bob
        openpgp: ` + fpBob + `
`, carol, `version: 1

keys:
    -   name: alice
        openpgp: ` + fpAlice + `

    -   name: bob
        openpgp: ` + fpBob + `

    -   name: carol
        openpgp: ` + fpCarol + `
`},
		{"entries in braces and lists of several lines", `---
version: 1
keys:
  - {name: alice, openpgp: ` + fpAlice + `}
  - name: bob
    openpgp: ` + fpBob + `
    may: [commit,
      merge   # not authorize
    ]
...
`, carol, `---
version: 1
keys:
  - {name: alice, openpgp: ` + fpAlice + `}
  - name: bob
    openpgp: ` + fpBob + `
    may: [commit,
      merge   # not authorize
    ]
  - name: carol
    openpgp: ` + fpCarol + `
...
`},
		{"dash alone", "version: 1\nkeys:\n  -\n    name: alice\n    openpgp: " + fpAlice + "\n", carol,
			"version: 1\nkeys:\n  -\n    name: alice\n    openpgp: " + fpAlice + "\n  - name: carol\n    openpgp: " + fpCarol + "\n"},
		{"paths", "version: 1\nkeys:\n  - name: alice\n    openpgp: " + fpAlice + "\n", limited,
			"version: 1\nkeys:\n  - name: alice\n    openpgp: " + fpAlice + "\n  - name: dave\n    ssh: " + sshDave + "\n    paths: [pkgs/hello/, 'it''s']\n"},
		{"rights", "version: 1\nkeys:\n  - name: alice\n    openpgp: " + fpAlice + "\n", forge,
			"version: 1\nkeys:\n  - name: alice\n    openpgp: " + fpAlice + "\n  - name: forge\n    openpgp: " + fpCarol + "\n    may: [merge]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, err := Add([]byte(c.before), c.entry)
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != c.after {
				t.Errorf("got\n%s\ninstead of\n%s", after, c.after)
			}
		})
	}
}

const commented = `# head
version: 1
threshold: 1
keys:
  # alice is here
  # since 2020
  - name: alice
    openpgp: ` + fpAlice + `   # laptop

  # bob
  - name: bob
    # his key
    openpgp: ` + fpBob + `
    may:
      - commit
      # and nothing else

  - {name: "carol: c", openpgp: ` + fpCarol + `}
# foot
`

func TestRemove(t *testing.T) {
	for _, c := range []struct{ name, remove, after string }{
		{"first", "alice", `# head
version: 1
threshold: 1
keys:
  # bob
  - name: bob
    # his key
    openpgp: ` + fpBob + `
    may:
      - commit
      # and nothing else

  - {name: "carol: c", openpgp: ` + fpCarol + `}
# foot
`},
		{"middle, by fingerprint", strings.ToLower(fpBob), `# head
version: 1
threshold: 1
keys:
  # alice is here
  # since 2020
  - name: alice
    openpgp: ` + fpAlice + `   # laptop

  - {name: "carol: c", openpgp: ` + fpCarol + `}
# foot
`},
		{"last", "carol: c", `# head
version: 1
threshold: 1
keys:
  # alice is here
  # since 2020
  - name: alice
    openpgp: ` + fpAlice + `   # laptop

  # bob
  - name: bob
    # his key
    openpgp: ` + fpBob + `
    may:
      - commit
      # and nothing else

# foot
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, removed, err := Remove([]byte(commented), c.remove)
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != c.after {
				t.Errorf("got\n%s\ninstead of\n%s", after, c.after)
			}
			if removed.Name != c.remove && !strings.EqualFold(string(removed.Key), c.remove) {
				t.Errorf("removed %+v", removed)
			}
		})
	}
}

// What cannot be done ends in a usage error, never in a file.
func TestRefused(t *testing.T) {
	block := "version: 1\nkeys:\n  - name: alice\n    openpgp: " + fpAlice + "\n"
	two := block + "  - name: bob\n    openpgp: " + fpBob + "\n"
	for _, c := range []struct {
		name, file string
		do         func(content []byte) ([]byte, error)
		says, hint string
	}{
		{"the name is taken", block, adding(openpgp(t, "alice", fpCarol)), `malformed: the name "alice" is that of the key on line 3 too`, "each name once"},
		{"the key is listed", block, adding(openpgp(t, "carol", fpAlice)), "is listed on line 3 too", "each key once"},
		{"no name", block, adding(openpgp(t, "", fpCarol)), "an empty name", "printable"},
		{"a name with an escape", block, adding(openpgp(t, "e\x1b[31m", fpCarol)), "malformed", ""},
		{"malformed", "version: 2\n", adding(openpgp(t, "carol", fpCarol)), "line 1, column 10", "by hand"},
		{"braces", "{version: 1, keys: [{name: alice, openpgp: " + fpBob + "}]}\n", adding(openpgp(t, "carol", fpCarol)), "between brackets", "name: carol, openpgp: " + fpCarol},
		{"brackets", "version: 1\nkeys: [{name: alice, openpgp: " + fpBob + "}]\n", removing("alice"), "between brackets", "by hand"},
		{"complex key", "version: 1\n? keys\n: - name: alice\n    openpgp: " + fpBob + "\n", adding(openpgp(t, "carol", fpCarol)), "unusual", "by hand"},
		{"no such key", two, removing("mallory"), `"mallory"`, "alice, bob"},
		{"the last key", block, removing("alice"), "malformed: no list of keys", ""},
		{"below the threshold", strings.Replace(two, "keys:", "threshold: 2\nkeys:", 1), removing("bob"), "the threshold could never be met", "as many keys"},
		{"malformed, to remove", "keys: 1\n", removing("alice"), "malformed", "by hand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, err := c.do([]byte(c.file))
			var usage *outcome.Error
			if !errors.As(err, &usage) || usage.Class != outcome.Usage || after != nil {
				t.Fatalf("error %v, file %q", err, after)
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(usage.Hint, c.hint) {
				t.Errorf("error %q, hint %q", err, usage.Hint)
			}
		})
	}
}

func adding(e authz.Entry) func([]byte) ([]byte, error) {
	return func(content []byte) ([]byte, error) { return Add(content, e) }
}

func removing(name string) func([]byte) ([]byte, error) {
	return func(content []byte) ([]byte, error) {
		after, _, err := Remove(content, name)
		return after, err
	}
}

// Every name that a file can have survives being written.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"alice", "Alice Example", "yes", "No", "null", "~", "123", "1.5", "0x1F", "2020-01-01", "a: b", "a #b", "#a", "- a",
		"it's", `"a"`, "[a]", "{a}", "a,b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "é", "ü b", "a:", ":a", "?", "<<", "=",
		".inf", ".nan", "e", "1e3", `back\slash`, "a  b", "中文",
	} {
		content, err := New([]authz.Entry{openpgp(t, name, fpAlice)}, Options{})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		more, err := Add(content, ssh(t, name+" 2"))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if after, _, err := Remove(more, name+" 2"); err != nil || string(after) != string(content) {
			t.Errorf("%q: added and removed, the file is\n%s%v", name, after, err)
		}
	}
}

func TestNew(t *testing.T) {
	entries := []authz.Entry{openpgp(t, "alice", fpAlice), ssh(t, "dave")}
	content, err := New(entries, Options{Merges: authz.MergesVouched, Threshold: 2})
	if err != nil {
		t.Fatal(err)
	}
	a, err := authz.ParseAuthorizations(authz.NixFormat, content)
	if err != nil || a.Merges != authz.MergesVouched || a.Threshold != 2 || len(a.Entries()) != 2 {
		t.Errorf("%v\n%s", err, content)
	}
	if _, err := New(entries, Options{Threshold: 3}); err == nil || !strings.Contains(err.Error(), "threshold") {
		t.Errorf("a threshold that cannot be met: %v", err)
	}
	if _, err := New(nil, Options{}); err == nil {
		t.Error("a file without keys")
	}
}

// The example of the documentation can be edited.
func TestExample(t *testing.T) {
	example, err := os.ReadFile("../../.nix-authorizations.example")
	if err != nil {
		t.Fatal(err)
	}
	more, err := Add(example, openpgp(t, "carol", fpCarol))
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := Remove(more, "carol")
	if err != nil || string(after) != string(example) {
		t.Errorf("added and removed, the file differs: %v\n%s", err, after)
	}
	after, _, err = Remove(example, "hello-maintainer")
	if err != nil || strings.Contains(string(after), "FIDO") || !strings.Contains(string(after), "# What a key may sign") || !strings.Contains(string(after), "# bob@laptop") {
		t.Errorf("%v\n%s", err, after)
	}
}
