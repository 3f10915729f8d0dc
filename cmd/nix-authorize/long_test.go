package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// newLongHistory is a history of n commits on top of an authentic one. Each has the
// same signature, of something else, and must be verified to be found bad.
func newLongHistory(t *testing.T, n int) *history {
	t.Helper()
	key := gittest.SSH(t, "rsa", "alice") // the slowest to verify
	h := newHistory(t, nixName, key)
	h.CommitAs(key, "a", "1")
	h.Git("branch", "authentic")
	parent := h.Git("rev-parse", "HEAD")
	commit := gittest.AddSignature(h.RawCommit(h.tree("HEAD"), "Change", parent), key.Sign(t, []byte("something else")))
	place := commit[bytes.Index(commit, []byte(parent)):][:len(parent)]
	var pack bytes.Buffer
	pack.WriteString("PACK")
	pack.Write(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 2}, uint32(n)))
	w, err := zlib.NewWriterLevel(&pack, zlib.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		addPacked(&pack, w, commit)
		sum := sha1.Sum(fmt.Appendf(nil, "commit %d\x00%s", len(commit), commit))
		hex.Encode(place, sum[:])
	}
	sum := sha1.Sum(pack.Bytes())
	pack.Write(sum[:])
	h.GitInput(pack.Bytes(), "index-pack", "--stdin")
	h.Git("update-ref", "refs/heads/main", string(place))
	return h
}

// addPacked adds a commit to a pack (Git's Documentation/gitformat-pack.txt).
func addPacked(pack *bytes.Buffer, w *zlib.Writer, commit []byte) {
	const kind = 1 // commit
	size := len(commit)
	first, size := byte(kind<<4|size&0x0f), size>>4
	for size > 0 {
		pack.WriteByte(first | 0x80)
		first, size = byte(size&0x7f), size>>7
	}
	pack.WriteByte(first)
	w.Reset(pack)
	w.Write(commit)
	w.Close()
}
