// Command generate writes a pack with a long signed history to standard output, for
// measurements. The history has the shape that matters for the cost of a verdict: a
// root tree of many entries of which one changes with each commit, all commits signed
// with one Ed25519 SSH key, and an authorizations file that lists it.
//
//	go run ./bench/generate -commits 180000 >history.pack 2>history.refs
//
// Standard error gets the ids of introduction, tip and the commit 100 before the tip,
// and the fingerprint of the key, one NAME VALUE a line.
package main

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func main() {
	commits := flag.Int("commits", 18000, "how many `COMMITS` to make above the introduction")
	entries := flag.Int("entries", 40, "how many `ENTRIES` a root tree has")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	err := newHistory(out, *commits, *entries).write()
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A history writes the objects of one branch into a pack.
type history struct {
	pack    pack
	commits int
	key     ed25519.PrivateKey
	tree    []gitwalk.Entry
}

func newHistory(w io.Writer, commits, entries int) *history {
	seed := sha256.Sum256([]byte("a key for measurements"))
	h := &history{commits: commits, key: ed25519.NewKeyFromSeed(seed[:])}
	h.pack = pack{w: w, sum: sha1.New()}
	h.tree = make([]gitwalk.Entry, entries)
	return h
}

// write makes a blob and a tree for each entry first, then a blob, a tree and a commit
// for each commit. The number of objects is known from the start.
func (h *history) write() error {
	h.pack.begin(len(h.tree) + 3*(h.commits+1))
	blob := wireString(wireString(nil, "ssh-ed25519"), string(h.key.Public().(ed25519.PublicKey)))
	file := fmt.Sprintf("version: 1\nkeys:\n  - name: alice\n    ssh: ssh-ed25519 %s\n", base64.StdEncoding.EncodeToString(blob))
	h.tree[0] = gitwalk.Entry{Mode: gitwalk.ModeFile, Name: ".nix-authorizations", ID: h.pack.add(gitwalk.KindBlob, []byte(file))}
	for i := range h.tree[1:] {
		h.tree[i+1] = gitwalk.Entry{Mode: gitwalk.ModeFile, Name: fmt.Sprintf("file%04d", i), ID: h.pack.add(gitwalk.KindBlob, fmt.Appendf(nil, "%d\n", i))}
	}
	var parent gitwalk.ID
	for i := range h.commits + 1 {
		h.tree[1+i%(len(h.tree)-1)].ID = h.pack.add(gitwalk.KindBlob, fmt.Appendf(nil, "content %d\n", i))
		parent = h.pack.add(gitwalk.KindCommit, h.commit(i, h.pack.add(gitwalk.KindTree, h.rawTree()), parent))
		switch i {
		case 0:
			fmt.Fprintln(os.Stderr, "introduction", parent)
		case h.commits - 100:
			fmt.Fprintln(os.Stderr, "before", parent)
		}
	}
	fmt.Fprintln(os.Stderr, "tip", parent)
	fmt.Fprintln(os.Stderr, "signer", signer.SSH(blob))
	return h.pack.end()
}

func (h *history) rawTree() []byte {
	var raw bytes.Buffer
	for _, e := range h.tree {
		fmt.Fprintf(&raw, "%o %s\x00%s", uint32(e.Mode), e.Name, e.ID[:])
	}
	return raw.Bytes()
}

func (h *history) commit(number int, tree, parent gitwalk.ID) []byte {
	var head bytes.Buffer
	fmt.Fprintf(&head, "tree %s\n", tree)
	if !parent.IsZero() {
		fmt.Fprintf(&head, "parent %s\n", parent)
	}
	who := fmt.Sprintf("Alice <alice@example.org> %d +0000", 1700000000+60*number)
	fmt.Fprintf(&head, "author %s\ncommitter %s\n", who, who)
	message := fmt.Appendf(nil, "\nChange number %d\n", number)
	armor := h.sign(append(bytes.Clone(head.Bytes()), message...))
	head.WriteString("gpgsig " + string(bytes.ReplaceAll(armor, []byte("\n"), []byte("\n "))) + "\n")
	head.Write(message)
	return head.Bytes()
}

// sign makes an SSH signature as git does (OpenSSH PROTOCOL.sshsig), without the final
// newline.
func (h *history) sign(payload []byte) []byte {
	sum := sha512.Sum512(payload)
	signed := []byte("SSHSIG")
	for _, part := range []string{"git", "", "sha512", string(sum[:])} {
		signed = wireString(signed, part)
	}
	key := wireString(wireString(nil, "ssh-ed25519"), string(h.key.Public().(ed25519.PublicKey)))
	signature := wireString(wireString(nil, "ssh-ed25519"), string(ed25519.Sign(h.key, signed)))
	blob := append([]byte("SSHSIG"), 0, 0, 0, 1)
	for _, part := range []string{string(key), "git", "", "sha512", string(signature)} {
		blob = wireString(blob, part)
	}
	text := base64.StdEncoding.EncodeToString(blob)
	armor := []byte("-----BEGIN SSH SIGNATURE-----\n")
	for len(text) > 0 {
		n := min(70, len(text))
		armor = append(append(armor, text[:n]...), '\n')
		text = text[n:]
	}
	return append(armor, "-----END SSH SIGNATURE-----"...)
}

// wireString appends a string as SSH writes it (RFC 4251, 5).
func wireString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// A pack is a pack file in the making, without deltas ("git help format-pack").
type pack struct {
	w   io.Writer
	sum hash.Hash
	err error
}

func (p *pack) write(b []byte) {
	p.sum.Write(b)
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *pack) begin(objects int) {
	header := append([]byte("PACK"), 0, 0, 0, 2)
	p.write(binary.BigEndian.AppendUint32(header, uint32(objects)))
}

func (p *pack) add(kind gitwalk.Kind, content []byte) gitwalk.ID {
	size := len(content)
	header := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		header[len(header)-1] |= 0x80
		header = append(header, byte(size&0x7f))
	}
	var deflated bytes.Buffer
	z, _ := zlib.NewWriterLevel(&deflated, zlib.BestSpeed) // the level is a known one
	z.Write(content)
	z.Close()
	p.write(append(header, deflated.Bytes()...))
	id, _ := gitwalk.Hash(kind, content)
	return id
}

func (p *pack) end() error {
	if p.err == nil {
		_, p.err = p.w.Write(p.sum.Sum(nil))
	}
	return p.err
}
