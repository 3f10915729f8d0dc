package gitrepo

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// damaged requires of each object that it is whole, or that the error says which
// object it is that cannot be had, and returns how many are whole.
func damaged(t *testing.T, source gitwalk.Source, ids []gitwalk.ID) (whole int) {
	t.Helper()
	reader := gitwalk.NewReader(source)
	for _, id := range ids {
		_, err := reader.Kind(id)
		var corrupt *gitwalk.CorruptError
		var missing *gitwalk.MissingError
		var large *gitwalk.TooLargeError
		switch {
		case err == nil:
			whole++
		case errors.As(err, &corrupt) && corrupt.ID == id && corrupt.Detail != "":
		case errors.As(err, &missing) && missing.ID == id:
		case errors.As(err, &large) && large.ID == id:
		default:
			t.Errorf("%s: error %v", id, err)
		}
	}
	return whole
}

// eachDamage calls test with the content damaged in ways without number.
func eachDamage(content []byte, test func(what string, content []byte)) {
	for i := range content {
		test(fmt.Sprint("cut short at ", i), content[:i])
		for _, bits := range []byte{0x01, 0x80, 0xff} {
			flipped := slices.Clone(content)
			flipped[i] ^= bits
			test(fmt.Sprintf("byte %d changed by %#x", i, bits), flipped)
		}
	}
}

// packFiles are the one pack of a repository and its index.
func packFiles(t *testing.T, r *gittest.Repo) (pack, index string, packContent, indexContent []byte) {
	t.Helper()
	pack = glob(t, gitDir(r), "objects/pack/*.pack")[0]
	index = strings.TrimSuffix(pack, ".pack") + ".idx"
	var err error
	packContent, err = os.ReadFile(pack)
	must(t, err)
	indexContent, err = os.ReadFile(index)
	must(t, err)
	return pack, index, packContent, indexContent
}

func TestDamagedPack(t *testing.T) {
	r := small(t)
	r.Git("repack", "-adfq")
	ids := allObjects(t, r)
	pack, _, content, _ := packFiles(t, r)
	lost, rounds := 0, 0
	eachDamage(content, func(what string, content []byte) {
		writeFile(t, pack, string(content))
		s := newDiskSource(t.Context(), newPackSet(filepath.Join(gitDir(r), "objects")))
		if whole := damaged(t, s, ids); whole < len(ids) {
			lost++
		}
		must(t, s.Close())
		rounds++
		if t.Failed() {
			t.Fatal(what)
		}
	})
	if lost < rounds/2 {
		t.Errorf("only %d of %d damages were noticed: the test tests little", lost, rounds)
	}
}

func TestDamagedPackThroughGit(t *testing.T) {
	r := small(t)
	r.Git("repack", "-adfq")
	ids := allObjects(t, r)
	repo := viaGit(t, r.Dir)
	pack, index, packContent, indexContent := packFiles(t, r)
	for what, change := range map[string]func(){
		"pack without its second half":  func() { writeFile(t, pack, string(packContent[:len(packContent)/2])) },
		"empty pack":                    func() { writeFile(t, pack, "") },
		"no pack":                       func() { must(t, os.Remove(pack)) },
		"pack with zeros in the middle": func() { writeFile(t, pack, string(zeroed(packContent, 20, 300))) },
		"index of zeros":                func() { writeFile(t, index, string(zeroed(indexContent, 8, len(indexContent)))) },
		"index without its second half": func() { writeFile(t, index, string(indexContent[:len(indexContent)/2])) },
		"empty index":                   func() { writeFile(t, index, "") },
	} {
		writeFile(t, pack, string(packContent))
		writeFile(t, index, string(indexContent))
		change()
		s := newCatFile(t.Context(), repo.git, false)
		if whole := damaged(t, s, ids); whole == len(ids) {
			t.Errorf("%s: nothing was noticed", what)
		}
		must(t, s.Close())
	}
}

func zeroed(content []byte, from, to int) []byte {
	content = slices.Clone(content)
	clear(content[from:to])
	return content
}

// An index is read in parts and never checked as a whole, which whoever can write one
// could make come out right: whatever it says, an object is found whole or not at all.
func TestDamagedIndex(t *testing.T) {
	r := small(t)
	r.Git("repack", "-adfq")
	ids := allObjects(t, r)
	_, index, _, content := packFiles(t, r)
	eachDamage(content, func(what string, content []byte) {
		writeFile(t, index, string(content))
		s := newDiskSource(t.Context(), newPackSet(filepath.Join(gitDir(r), "objects")))
		defer s.Close()
		if damaged(t, s, ids); t.Failed() {
			t.Fatal(what)
		}
	})
}

// An index may declare what its size does not bear out.
func TestIndexThatDeclaresTooMuch(t *testing.T) {
	r := forge(t, forged{id: blobID("text"), kind: packBlob, data: []byte("text")})
	index := glob(t, r.GitDir(), "objects/pack/*.idx")[0]
	content, err := os.ReadFile(index)
	must(t, err)
	for i := range 256 {
		copy(content[8+4*i:], "\x7f\xff\xff\xff")
	}
	sum := sha1.Sum(content[:len(content)-20])
	writeFile(t, index, string(content[:len(content)-20])+string(sum[:]))
	before := allocated()
	_, _, err = inProcess(t, r).Object(blobID("text"), 10)
	checkCorrupt(t, blobID("text"), err)
	if got := allocated() - before; got > 10<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}

// Packs above 2 GiB have a second table, into which the first one points.
func TestLargeOffsets(t *testing.T) {
	ask := blobID("text")
	for _, tt := range []struct {
		name   string
		short  uint32
		offset uint64
		ok     bool
	}{
		{"as it should be", 1 << 31, 12, true},
		{"outside the table", 1<<31 | 1, 12, false},
		{"far outside the table", 1<<32 - 1, 12, false},
		{"behind the pack", 1 << 31, 1 << 40, false},
		{"negative", 1 << 31, 1<<63 | 12, false},
		{"before the first entry", 1 << 31, 11, false},
	} {
		r := forge(t, forged{id: ask, kind: packBlob, data: []byte("text")}, forged{id: gitwalk.ID{0xff}, kind: packBlob})
		index := glob(t, r.GitDir(), "objects/pack/*.idx")[0]
		content, err := os.ReadFile(index)
		must(t, err)
		binary.BigEndian.PutUint32(content[8+1024+2*24:], tt.short)
		end := len(content) - 40
		large := binary.BigEndian.AppendUint64(slices.Clone(content[:end]), tt.offset)
		writeFile(t, index, string(appendSum(append(large, content[end:end+20]...))))
		_, got, err := inProcess(t, r).Object(ask, 10)
		if tt.ok && (err != nil || string(got) != "text") {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
		if !tt.ok {
			checkCorrupt(t, ask, err)
			if err != nil && strings.Contains(err.Error(), "runtime error") {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}

func TestDamagedLooseObjects(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 2<<10)
	header := func(text string) string { return string(deflate([]byte(text))) }
	for _, tt := range []struct {
		name, file string
		detail     string
	}{
		{"empty", "", "its file is damaged"},
		{"not deflated", "blob 4\x00text", "its file is damaged"},
		{"nothing in it", header(""), "no header"},
		{"no NUL", header("blob 4"), "no header"},
		{"NUL far away", header("blob " + strings.Repeat("0", 40) + "4\x00text"), "no header"},
		{"unknown kind", header("blub 4\x00text"), `the header "blub 4"`},
		{"no kind", header(" 4\x00text"), `the header " 4"`},
		{"no size", header("blob \x00text"), `the header "blob "`},
		{"no blank", header("blob\x00text"), `the header "blob"`},
		{"size with a sign", header("blob +4\x00text"), `the header "blob +4"`},
		{"negative size", header("blob -4\x00text"), `the header "blob -4"`},
		{"size that is too long", header("blob 99999999999999999999\x00text"), `the header "blob 9999`},
		{"less than declared", header("blob 5\x00text"), "declares 5 bytes and has fewer or more"},
		{"more than declared", header("blob 3\x00text"), "declares 3 bytes and has fewer or more"},
		{"zip bomb", header("blob 4\x00" + strings.Repeat("x", 64<<20)), "declares 4 bytes and has fewer or more"},
		{"cut short", header("blob 4\x00text")[:15], "its file is damaged"},
		{"without its checksum", strings.TrimSuffix(header("blob 4\x00text"), header("blob 4\x00text")[16:]), "its file is damaged"},
		{"other content", header("blob 4\x00texT"), "hashes to"},
		{"other kind", header("tree 4\x00text"), "hashes to"},
		{"large other content", header(fmt.Sprintf("blob %d\x00%s", len(large), large)), "hashes to"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := gittest.New(t, "--bare")
			ask := blobID("text")
			name := ask.String()
			writeFile(t, filepath.Join(r.Dir, "objects", name[:2], name[2:]), tt.file)
			repo := mustOpen(t, r.Dir)
			a, b := sources(t, repo)
			got, err := gitwalk.NewReader(a).Blob(ask, 1<<20)
			checkCorrupt(t, ask, err)
			if got != nil || err != nil && !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("in-process: %d bytes, error %v", len(got), err)
			}
			got, err = gitwalk.NewReader(b).Blob(ask, 1<<20)
			checkCorrupt(t, ask, err)
			if got != nil {
				t.Errorf("through git: %d bytes", len(got))
			}
		})
	}
}

func TestEveryDamageOfALooseObject(t *testing.T) {
	r := gittest.New(t, "--bare")
	ask := blobID("some text\n")
	path := filepath.Join(r.Dir, "objects", ask.String()[:2], ask.String()[2:])
	s := inProcess(t, mustOpen(t, r.Dir))
	eachDamage(deflate([]byte("blob 10\x00some text\n")), func(what string, content []byte) {
		writeFile(t, path, string(content))
		if damaged(t, s, []gitwalk.ID{ask}); t.Failed() {
			t.Fatal(what)
		}
	})
}

// A loose object that is no file is not waited for.
func TestLooseObjectsThatAreNoFiles(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"directory": func(path string) error { return os.Mkdir(path, 0o777) },
		"device":    func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		r := gittest.New(t, "--bare")
		ask := blobID("text")
		path := filepath.Join(r.Dir, "objects", ask.String()[:2], ask.String()[2:])
		must(t, os.Mkdir(filepath.Dir(path), 0o777))
		must(t, put(path))
		_, _, err := inProcess(t, mustOpen(t, r.Dir)).Object(ask, 10)
		t.Run(name, func(t *testing.T) { checkCorrupt(t, ask, err) })
	}
}

func TestLooseObjectTooLarge(t *testing.T) {
	r := gittest.New(t, "--bare")
	ask := blobID("text")
	path := filepath.Join(r.Dir, "objects", ask.String()[:2], ask.String()[2:])
	writeFile(t, path, string(deflate(append([]byte("blob 4000000000000000000\x00"), bytes.Repeat([]byte("x"), 1<<20)...))))
	var large *gitwalk.TooLargeError
	if _, _, err := inProcess(t, mustOpen(t, r.Dir)).Object(ask, 1<<20); !errors.As(err, &large) {
		t.Errorf("error %v", err)
	}
}

func TestUnreadableObjects(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("NOT TESTED: root can read everything")
	}
	r := small(t)
	loosen(t, r)
	head := id(t, r.Git("rev-parse", "HEAD"))
	must(t, os.Chmod(filepath.Join(gitDir(r), "objects", head.String()[:2], head.String()[2:]), 0))
	_, _, err := inProcess(t, mustOpen(t, r.Dir)).Object(head, 1<<20)
	checkCorrupt(t, head, err)
}
