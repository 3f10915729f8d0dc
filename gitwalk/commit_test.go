package gitwalk

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	treeLine      = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
	evilTreeLine  = "tree 496d6428b9cf92981dc9495211e6e1120fb6f2ba\n"
	parentLine    = "parent 1111111111111111111111111111111111111111\n"
	parent2Line   = "parent 2222222222222222222222222222222222222222\n"
	authorLine    = "author Ada <ada@example.org> 1600000000 +0200\n"
	committerLine = "committer Bob <bob@example.org> 1600000060 -0100\n"
	armor         = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n=abcd\n-----END PGP SIGNATURE-----"
	message       = "\nAdd hello\n\nIt greets.\n"

	fixedLines = treeLine + parentLine + authorLine + committerLine
)

// sigLines is a header that has the value.
func sigLines(name, value string) string {
	return name + " " + strings.ReplaceAll(value, "\n", "\n ") + "\n"
}

var gpgsig = sigLines("gpgsig", armor)

var mergetag = sigLines("mergetag", `object 2222222222222222222222222222222222222222
type commit
tag v1
tagger Ada <ada@example.org> 1600000000 +0000

Version 1
-----BEGIN PGP SIGNATURE-----

iQ==
-----END PGP SIGNATURE-----`)

func TestParseCommit(t *testing.T) {
	raw := treeLine + parentLine + parent2Line + authorLine + committerLine + gpgsig + message
	c, err := ParseCommit(ID{7}, []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != (ID{7}) || c.Tree.String() != emptyTree {
		t.Errorf("id %s, tree %s", c.ID, c.Tree)
	}
	want := []ID{mustID(t, strings.Repeat("1", 40)), mustID(t, strings.Repeat("2", 40))}
	if !slices.Equal(c.Parents, want) {
		t.Errorf("parents %v", c.Parents)
	}
	if c.Author != "Ada <ada@example.org> 1600000000 +0200" || c.Committer != "Bob <bob@example.org> 1600000060 -0100" {
		t.Errorf("author %q, committer %q", c.Author, c.Committer)
	}
	if !c.CommitTime.Equal(time.Unix(1600000060, 0)) {
		t.Errorf("date %s", c.CommitTime)
	}
	if string(c.Signature) != armor {
		t.Errorf("signature %q", c.Signature)
	}
	if got := string(c.Payload()); got != strings.Replace(raw, gpgsig, "", 1) {
		t.Errorf("payload %q", got)
	}
	if c.Subject() != "Add hello" || c.Encoding != "" {
		t.Errorf("subject %q, encoding %q", c.Subject(), c.Encoding)
	}
}

// What histories contain must stay acceptable, with the signature found and
// nothing but its header taken out of the payload.
func TestShapesOfRealCommits(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string // what stands around the signature's header
	}{
		{"root", treeLine + authorLine + committerLine, message},
		{"change-id before the signature", fixedLines + "change-id zxwvutsrqponmlkzxwvutsrqponmlkzx\n", message},
		{"encoding after the signature", fixedLines, "encoding ISO-8859-1\n\nGr\xfc\xdfe\n"},
		{"encoding before the signature", fixedLines + "encoding ISO-8859-1\n", "\nGr\xfc\xdfe\n"},
		{"mergetag", fixedLines + mergetag, message},
		{"two mergetags", fixedLines + mergetag + mergetag, message},
		{"mergetag after the signature", fixedLines, mergetag + message},
		{"headers of other programs", fixedLines + "HG:extra branch:default\nsvn-id 1\n", "kilnhgcopies646174610a x\n" + message},
		{"empty message", fixedLines, "\n"},
		{"message without a final newline", fixedLines, "\nAdd hello"},
		{"message that begins with newlines", fixedLines, "\n\n\n\nAdd hello\n"},
		{"CR in the message", fixedLines, "\nAdd hello\r\n\r\nIt greets.\r\n"},
		{"CR in a name", treeLine + parentLine + "author A\r <a> 1 +0000\n" + committerLine, message},
		{"no name and no date", treeLine + parentLine + "author \ncommitter \n", message},
		{"message that looks like headers", fixedLines, "\n" + parentLine + gpgsig + "\n"},
		{"Latin-1 name", treeLine + parentLine + "author Andr\xe9 <a> 1 +0000\n" + committerLine, message},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, sig := range []string{"", gpgsig} {
				raw := tt.before + sig + tt.after
				c, err := ParseCommit(ID{}, []byte(raw))
				if err != nil {
					t.Fatal(err)
				}
				if string(c.Payload()) != tt.before+tt.after {
					t.Errorf("payload %q", c.Payload())
				}
				if signed := sig != ""; signed != (c.Signature != nil) || signed && string(c.Signature) != armor {
					t.Errorf("signature %q", c.Signature)
				}
				checkSameLinks(t, c, []byte(raw))
			}
		})
	}
}

// The numbers are those of the table of mutated commits.
func TestMalformedCommits(t *testing.T) {
	head := treeLine + parentLine + authorLine + committerLine
	for _, tt := range []struct {
		name, raw string
		line      int
		detail    string
	}{
		{"2: gpgsigevil", head + sigLines("gpgsigevil", armor) + gpgsig + message, 9, `"gpgsigevil" resembles gpgsig`},
		{"2: gpgsigevil after the signature", head + gpgsig + sigLines("gpgsigevil", armor) + message, 14, `"gpgsigevil" resembles gpgsig`},
		{"3: gpgsig-sha256", head + "gpgsig-sha256 junk\n" + gpgsig + message, 5, `"gpgsig-sha256" resembles gpgsig`},
		{"gpgsig and a tab", head + "gpgsig\t" + armor[:29] + "\n" + gpgsig + message, 5, "resembles gpgsig"},
		{"gpgsig without a value", head + "gpgsig\n" + gpgsig + message, 5, "not a header name"},
		{"5: gpgsig before author", treeLine + parentLine + gpgsig + authorLine + committerLine + message, 7, `"gpgsig" stands before the committer`},
		{"5: gpgsig before tree", gpgsig + head + message, 5, `"gpgsig" stands before the committer`},
		{"5: gpgsig before committer", treeLine + parentLine + authorLine + gpgsig + committerLine + message, 8, `"gpgsig" stands before the committer`},
		{"other header before the committer", treeLine + "x y\n" + parentLine + authorLine + committerLine + message, 2, `"x" stands before the committer`},
		{"7: two gpgsig", head + gpgsig + gpgsig + message, 14, "a second gpgsig header"},
		{"7: an empty gpgsig first", head + "gpgsig \n" + gpgsig + message, 10, "a second gpgsig header"},
		{"9: NUL in the message", head + gpgsig + message + "\x00evil", 14, "a NUL byte"},
		{"9: NUL in the author", treeLine + parentLine + "author A\x00 <a> 1 +0000\n" + committerLine + message, 3, "a NUL byte"},
		{"9: NUL first", "\x00" + head + message, 1, "a NUL byte"},
		{"17: second tree, evil first", evilTreeLine + head + message, 2, `"tree" is repeated or out of place`},
		{"18: second tree, evil last", treeLine + evilTreeLine + parentLine + authorLine + committerLine + message, 2, `"tree" is repeated or out of place`},
		{"18: second tree after the committer", head + evilTreeLine + message, 5, `"tree" is repeated or out of place`},
		{"19: second author after the committer", head + authorLine + message, 5, `"author" is repeated or out of place`},
		{"second author", treeLine + authorLine + authorLine + committerLine + message, 3, `"author" is repeated or out of place`},
		{"second committer", head + committerLine + message, 5, `"committer" is repeated or out of place`},
		{"20: parent after the committer", head + parent2Line + message, 5, `"parent" is repeated or out of place`},
		{"20: parent after the signature", head + gpgsig + parent2Line + message, 10, `"parent" is repeated or out of place`},
		{"parent after the author", treeLine + authorLine + parentLine + committerLine + message, 3, `"parent" is repeated or out of place`},
		{"parent before the tree", parentLine + treeLine + authorLine + committerLine + message, 1, `"parent" is repeated or out of place`},
		{"committer before the author", treeLine + committerLine + authorLine + message, 2, `"committer" is repeated or out of place`},
		{"no tree", authorLine + committerLine + message, 1, `"author" is repeated or out of place`},
		{"no author", treeLine + committerLine + message, 2, `"committer" is repeated or out of place`},
		{"no committer", treeLine + authorLine + message, 3, "lacks a committer"},
		{"nothing but the tree", treeLine + message, 2, "lacks a committer"},
		{"empty", "", 1, "ends before the blank line"},
		{"a newline", "\n", 1, "lacks a committer"},
		{"no blank line after the headers", head, 5, "ends before the blank line"},
		{"cut short in a header", head[:len(head)-1], 4, "ends before the blank line"},
		{"cut short in the signature", head + gpgsig[:len(gpgsig)-1], 9, `ends within the header "gpgsig"`},
		{"folded tree", treeLine + " x\n" + authorLine + committerLine + message, 2, `"tree" has a continuation line`},
		{"folded parent", treeLine + parentLine + " x\n" + authorLine + committerLine + message, 3, `"parent" has a continuation line`},
		{"folded author", treeLine + authorLine + " x\n" + committerLine + message, 3, `"author" has a continuation line`},
		{"folded committer", head + " x\n" + message, 5, `"committer" has a continuation line`},
		{"begins with a continuation line", " x\n" + head + message, 1, "not a header name"},
		{"upper-case tree", "tree " + strings.ToUpper(treeLine[5:]) + authorLine + committerLine + message, 1, "not an object id"},
		{"short id", treeLine[:44] + "\n" + authorLine + committerLine + message, 1, "not an object id"},
		{"long id", treeLine[:45] + "0\n" + authorLine + committerLine + message, 1, "not an object id"},
		{"SHA-256 id", treeLine[:45] + strings.Repeat("0", 24) + "\n" + authorLine + committerLine + message, 1, "not an object id"},
		{"CR after the tree", treeLine[:45] + "\r\n" + authorLine + committerLine + message, 1, "not an object id"},
		{"two blanks", "tree  " + treeLine[5:] + authorLine + committerLine + message, 1, "not an object id"},
		{"blank after the parent", treeLine + parentLine[:47] + " \n" + authorLine + committerLine + message, 2, "not an object id"},
		{"CR LF at the end of the headers", head + "\r\nMessage\n", 5, "not a header name"},
		{"line without a blank", head + "nonsense\n" + message, 5, `"nonsense" is not a header name`},
		{"second encoding", head + "encoding a\nencoding a\n" + message, 6, "encoding header is repeated"},
		{"folded encoding", head + "encoding a\n b\n" + message, 6, "encoding header is repeated, folded"},
		{"empty encoding", head + "encoding \n" + message, 5, "or empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := ID{3}
			c, err := ParseCommit(id, []byte(tt.raw))
			var malformed *MalformedError
			if !errors.As(err, &malformed) || c != nil {
				t.Fatalf("commit %+v, error %v", c, err)
			}
			if malformed.ID != id || malformed.Kind != KindCommit || malformed.Line != tt.line || !strings.Contains(malformed.Detail, tt.detail) {
				t.Errorf("line %d: %s", malformed.Line, err)
			}
			if !strings.Contains(err.Error(), id.String()) {
				t.Errorf("the error does not name the commit: %s", err)
			}
		})
	}
}

// An error shows a bounded and quoted piece of the commit.
func TestMalformedErrorIsPrintable(t *testing.T) {
	for _, raw := range []string{
		"tree \x1b[2J\u202e" + strings.Repeat("x", 1<<20) + "\n",
		strings.Repeat("\x1b", 1<<20) + " x\n",
		fixedLines + "gpgsig" + strings.Repeat("\x07", 1<<20) + " x\n\n",
		fixedLines + strings.Repeat("\u202e", 1<<20) + " x\n y",
	} {
		_, err := ParseCommit(ID{}, []byte(raw))
		if err == nil {
			t.Fatal("accepted")
		}
		if s := err.Error(); len(s) > 500 || strings.ContainsAny(s, "\x07\x1b\n\u202e") {
			t.Errorf("error of %d bytes: %.600q", len(s), s)
		}
	}
}

func TestSubject(t *testing.T) {
	for message, want := range map[string]string{
		"":               "",
		"\n\n":           "",
		"One":            "One",
		"One\nTwo\n":     "One",
		"\n\nOne\nTwo\n": "One",
		" One \r\nTwo":   " One \r",
	} {
		c, err := ParseCommit(ID{}, []byte(fixedLines+"\n"+message))
		if err != nil {
			t.Fatal(err)
		}
		if c.Subject() != want {
			t.Errorf("subject of %q is %q", message, c.Subject())
		}
	}
}

func TestCommitTime(t *testing.T) {
	for line, want := range map[string]int64{
		"A <a> 1600000000 +0000":         1600000000,
		"A <a> 1600000000":               1600000000,
		"A <a>1600000000 +0000":          1600000000,
		"A <a> -5 +0000":                 -5,
		"A > B <a> 7 +0000":              7,
		"A 5 <a> b> 7 +0000":             7,
		"A 1600000000 +0000":             0,
		"1600000000 +0000":               1600000000,
		"A <a>":                          0,
		"A <a> tomorrow":                 0,
		"A <a> 99999999999999999999 +00": 0,
		"A <a> 0 +0000":                  0,
		"":                               0,
	} {
		raw := []byte(treeLine + authorLine + "committer " + line + "\n\n")
		c, err := ParseCommit(ID{}, raw)
		if err != nil {
			t.Fatal(err)
		}
		if want == 0 && !c.CommitTime.IsZero() || want != 0 && c.CommitTime.Unix() != want {
			t.Errorf("%q: date %s, want %d", line, c.CommitTime, want)
		}
		if links, err := ParseLinks(raw); err != nil || links.Date != want {
			t.Errorf("%q: date %d, error %v, want %d", line, links.Date, err, want)
		}
	}
}

func TestParseLinks(t *testing.T) {
	one, two := mustID(t, strings.Repeat("1", 40)), mustID(t, strings.Repeat("2", 40))
	upper := "parent " + strings.Repeat("A", 40) + "\n"
	for _, tt := range []struct {
		name, raw string
		parents   []ID
		date      int64
		ok        bool
	}{
		{"canonical", treeLine + parentLine + parent2Line + authorLine + committerLine + message, []ID{one, two}, 1600000060, true},
		{"the same parent twice", treeLine + parentLine + parentLine + authorLine, []ID{one, one}, 0, true},
		{"no blank line", fixedLines, []ID{one}, 1600000060, true},
		{"nothing but the tree", treeLine, nil, 0, true},
		{"NUL", treeLine + parentLine + "\x00", []ID{one}, 0, true},
		{"parent after the author", treeLine + authorLine + parentLine + committerLine, nil, 1600000060, true},
		{"second tree", treeLine + evilTreeLine + parentLine, nil, 0, true},
		{"committer in the message", treeLine + "\n" + committerLine, nil, 0, true},
		{"two committers", treeLine + committerLine + "committer B <b> 5 +0000\n", nil, 1600000060, true},
		{"empty", "", nil, 0, false},
		{"no tree", parentLine + authorLine, nil, 0, false},
		{"tree without a newline", treeLine[:45], nil, 0, false},
		{"upper-case tree", "tree " + strings.ToUpper(treeLine[5:]), nil, 0, false},
		{"upper-case parent", treeLine + parentLine + upper, nil, 0, false},
		{"parent cut short", treeLine + parentLine[:46], nil, 0, false},
		{"parent that is too long", treeLine + parentLine[:47] + "1\n", nil, 0, false},
		{"parent with CR", treeLine + parentLine[:47] + "\r\n", nil, 0, false},
		{"parent that is nothing", treeLine + "parent \n", nil, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			links, err := ParseLinks([]byte(tt.raw))
			if (err == nil) != tt.ok {
				t.Fatalf("error %v", err)
			}
			if !slices.Equal(links.Parents, tt.parents) || links.Date != tt.date {
				t.Errorf("parents %v, date %d", links.Parents, links.Date)
			}
			if tt.ok != (links.Tree.String() == emptyTree) {
				t.Errorf("tree %s", links.Tree)
			}
		})
	}
}

// checkSameLinks requires that both parsers agree about an accepted commit.
func checkSameLinks(t testing.TB, c *Commit, raw []byte) {
	t.Helper()
	links, err := ParseLinks(raw)
	if err != nil {
		t.Fatalf("ParseCommit accepts, ParseLinks says %v", err)
	}
	if links.Tree != c.Tree || !slices.Equal(links.Parents, c.Parents) {
		t.Errorf("ParseLinks has tree %s and parents %v; ParseCommit has %s and %v", links.Tree, links.Parents, c.Tree, c.Parents)
	}
	if c.CommitTime.IsZero() != (links.Date == 0) || links.Date != 0 && c.CommitTime.Unix() != links.Date {
		t.Errorf("ParseLinks has the date %d, ParseCommit %s", links.Date, c.CommitTime)
	}
}
