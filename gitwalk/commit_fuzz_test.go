package gitwalk

import (
	"bytes"
	"strings"
	"testing"
)

// A commit that is accepted says everything that its bytes say: from its fields
// the same bytes can be written again, ParseLinks reads the same graph, and Git's
// way of taking the signature out gives the same payload.
func FuzzParseCommit(f *testing.F) {
	for _, raw := range []string{
		fixedLines + gpgsig + message,
		treeLine + authorLine + committerLine + "\n",
		treeLine + parentLine + parent2Line + authorLine + committerLine + mergetag + gpgsig + "encoding x\n" + message,
		fixedLines + "gpgsig \n \n  \n" + message,
		fixedLines + "gpgsigevil x\n" + gpgsig + message,
		fixedLines + gpgsig + gpgsig + message,
		evilTreeLine + fixedLines + message,
		fixedLines + parent2Line + message,
		fixedLines + " x\n" + message,
		fixedLines + "x y\n  z\n" + message,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := ParseCommit(ID{}, raw)
		if err != nil {
			return
		}
		if again := serialise(c); !bytes.Equal(again, raw) {
			t.Errorf("read  %q\nwrote %q", raw, again)
		}
		checkSameLinks(t, c, raw)
		signature, payload := asGitDoes(raw)
		signature = bytes.TrimSuffix(signature, []byte("\n"))
		if !bytes.Equal(signature, c.Signature) || (signature == nil) != (c.Signature == nil) || !bytes.Equal(payload, c.Payload()) {
			t.Errorf("git would find signature %q and payload %q", signature, payload)
		}
	})
}

// serialise writes a commit from its fields; headers that mean nothing and the
// message come from the payload.
func serialise(c *Commit) []byte {
	var b strings.Builder
	b.WriteString("tree " + c.Tree.String() + "\n")
	for _, p := range c.Parents {
		b.WriteString("parent " + p.String() + "\n")
	}
	b.WriteString("author " + c.Author + "\ncommitter " + c.Committer + "\n")
	fixed := b.String()
	payload := string(c.Payload())
	if !strings.HasPrefix(payload, fixed) {
		return []byte(fixed)
	}
	if c.Signature == nil {
		return []byte(payload)
	}
	return []byte(payload[:c.sigStart] + sigLines("gpgsig", string(c.Signature)) + payload[c.sigStart:])
}

// asGitDoes separates signature and payload as git verify-commit does
// (parse_buffer_signed_by_header in Git's commit.c).
func asGitDoes(raw []byte) (signature, payload []byte) {
	in := false
	for len(raw) > 0 {
		if raw[0] == '\n' {
			return signature, append(payload, raw...)
		}
		line, rest, found := bytes.Cut(raw, []byte("\n"))
		whole := raw[:len(line)]
		if found {
			whole = raw[:len(line)+1]
		}
		value, starts := bytes.CutPrefix(whole, []byte("gpgsig "))
		switch {
		case starts:
			in = true
			signature = append(signature, value...)
		case in && line[0] == ' ':
			signature = append(signature, whole[1:]...)
		default:
			in = false
			payload = append(payload, whole...)
		}
		raw = rest
	}
	return signature, payload
}

// Every truncation of a signed commit within its headers, and the loss or
// repetition of any of its lines, is refused or leaves the payload changed.
func TestMutationsOfSignedCommit(t *testing.T) {
	raw := fixedLines + "encoding UTF-8\n" + mergetag + gpgsig + message
	original, err := ParseCommit(ID{}, []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	same := func(mutation string) bool {
		c, err := ParseCommit(ID{}, []byte(mutation))
		return err == nil && bytes.Equal(c.Payload(), original.Payload()) && bytes.Equal(c.Signature, original.Signature)
	}
	if !same(raw) {
		t.Fatal("the original is not the same as itself")
	}
	lines := strings.SplitAfter(raw, "\n")
	for i := range lines {
		without := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		twice := strings.Join(lines[:i+1], "") + strings.Join(lines[i:], "")
		if lines[i] != "" && (same(without) || same(twice)) {
			t.Errorf("line %d %q can be lost or repeated", i+1, lines[i])
		}
	}
	for i := range raw {
		if same(raw[:i]) {
			t.Errorf("all after %d bytes can be lost", i)
		}
		for bit := range 8 {
			changed := []byte(raw)
			changed[i] ^= 1 << bit
			if same(string(changed)) {
				t.Errorf("bit %d of byte %d can be changed", bit, i)
			}
		}
	}
}
