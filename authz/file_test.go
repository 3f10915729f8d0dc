package authz

import (
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// filesOf reads files of a world, and counts what is read.
func filesOf(w *world) (f *files, reads *int) {
	reads = new(int)
	w.onRead = func(gitwalk.ID) error { *reads++; return nil }
	source, _ := w.NewSource()
	return newFiles(w.policy.Introduction.Format, gitwalk.NewReader(source)), reads
}

func (w *world) entry(content string) gitwalk.Entry {
	return gitwalk.Entry{Mode: gitwalk.ModeFile, Name: w.policy.Introduction.Format.FileName(), ID: w.blob(content)}
}

// TestFilesAreBounded has more text in distinct files than may be held, which
// are read again when they are asked for again.
func TestFilesAreBounded(t *testing.T) {
	w := newWorld(t, GuixFormat)
	f, reads := filesOf(w)
	const n = 40
	var refs []fileRef
	for i := range n {
		padded := w.listing(fakeKey(rune('a'+i))) + strings.Repeat(" ", MaxAuthorizations/2)
		refs = append(refs, f.ref(w.entry(padded)))
	}
	for round := range 3 {
		for i, ref := range refs {
			file, err := f.get(ref)
			if err != nil || file.Authorizations.entries[0].Key != fakeKey(rune('a'+i)).fingerprint() {
				t.Fatalf("file %d: %+v, %v", i, file, err)
			}
			size := 0
			for _, half := range []map[fileRef]parsedFile{f.parsed.young, f.parsed.old} {
				for _, parsed := range half {
					size += parsed.size
				}
			}
			if size > 2*parsedHalf+2*MaxAuthorizations {
				t.Fatalf("%d bytes of text are held", size)
			}
		}
		if *reads < (round+1)*n {
			t.Errorf("%d reads", *reads)
		}
	}
}

// TestFilesAreReadOnce has a few files in turn, one of which is always in use.
func TestFilesAreReadOnce(t *testing.T) {
	w := newWorld(t, GuixFormat)
	f, reads := filesOf(w)
	used := f.ref(w.entry(w.listing(alice)))
	for i := range 100 {
		padded := w.listing(fakeKey(rune('a'+i))) + strings.Repeat(" ", MaxAuthorizations/2)
		for _, ref := range []fileRef{used, f.ref(w.entry(padded)), used} {
			if _, err := f.get(ref); err != nil {
				t.Fatal(err)
			}
		}
	}
	if *reads != 101 {
		t.Errorf("%d reads for 101 files", *reads)
	}
}

// TestFilesAreTold has that the same content with another mode is another file.
func TestFilesAreTold(t *testing.T) {
	w := newWorld(t, NixFormat)
	f, _ := filesOf(w)
	entry := w.entry(w.listing(alice))
	same, executable, link := f.ref(entry), entry, entry
	executable.Mode, link.Mode = gitwalk.ModeExecutable, gitwalk.ModeSymlink
	if f.ref(entry) != same || f.ref(executable) == same || f.ref(link) == same || f.ref(gitwalk.Entry{}) != 0 {
		t.Error("references do not tell files apart")
	}
	one, err := f.get(same)
	other, err2 := f.get(f.ref(executable))
	none, err3 := f.get(0)
	if err != nil || err2 != nil || err3 != nil || one.same(other) || !one.same(one) || one.Entry != entry || !one.Present() || none.Present() {
		t.Errorf("%+v %+v %+v", one, other, none)
	}
	if zero := (&File{Entry: gitwalk.Entry{Mode: gitwalk.ModeGitlink}}); !zero.Present() || zero.same(none) {
		t.Error("an entry that names no object is none")
	}
}

// TestFileAt has the file of one commit, and of one whose tree is unreadable.
func TestFileAt(t *testing.T) {
	w := newWorld(t, NixFormat)
	source, _ := w.NewSource()
	reader := gitwalk.NewReader(source)
	file, err := FileAt(reader, NixFormat, w.commit("", w.listing(alice)))
	if err != nil || len(file.Authorizations.Entries()) != 1 {
		t.Errorf("%+v, %v", file, err)
	}
	if file, err := FileAt(reader, NixFormat, w.commit("", "")); err != nil || file.Present() || file.Err != nil {
		t.Errorf("%+v, %v", file, err)
	}
	if file, err := FileAt(reader, NixFormat, w.commitTree("", w.blob("x"))); err != nil || file.Present() || file.Err == nil {
		t.Errorf("%+v, %v", file, err)
	}
	if _, err := FileAt(reader, NixFormat, w.commitTree("", gitwalk.ID{1})); err == nil {
		t.Error("a missing tree is none")
	}
}
