package keyring

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestIsKeyFile(t *testing.T) {
	for name, want := range map[string]bool{
		"alice.key": true, "alice.asc": true, "alice.gpg": true, "alice.pub": true, "keys/of/alice.key": true, "a b.key": true,
		".hidden.key": false, "keys/.hidden.key": false, ".key": false, "alice.KEY": false, "alice.key~": false,
		"alice": false, "key": false, "alicekey": false, "README": false, "alice.key/": false, "": false, "alice.key.txt": false,
	} {
		if IsKeyFile(name) != want {
			t.Errorf("%q", name)
		}
	}
}

func TestReadDir(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write("b.key", forge("bob").key())
	write("a.asc", []byte(keyArmor(forge("alice").key())))
	write("README", []byte("keys"))
	write(".hidden.key", forge("carol").key())
	write("large.gpg", make([]byte, MaxFile+1))
	must(os.Mkdir(filepath.Join(dir, "folder.key"), 0o700))
	must(os.Symlink("b.key", filepath.Join(dir, "link.key")))
	must(syscall.Mkfifo(filepath.Join(dir, "pipe.key"), 0o600))

	files, skipped, err := ReadDir(dir)
	if err != nil || len(files) != 2 || files[0].Name != "a.asc" || files[1].Name != "b.key" {
		t.Fatalf("%v, %v", files, err)
	}
	reasons := map[string]string{"large.gpg": "more than", "folder.key": "not a regular file", "link.key": "not a regular file", "pipe.key": "not a regular file"}
	for _, s := range skipped {
		if reasons[s.File] == "" || !strings.Contains(s.Detail, reasons[s.File]) || strings.Contains(s.Detail, dir) {
			t.Errorf("%+v", s)
		}
		delete(reasons, s.File)
	}
	if len(reasons) > 0 {
		t.Errorf("not skipped: %v", reasons)
	}
	if n := len(New(files).Keys()); n != 2 {
		t.Errorf("%d keys", n)
	}
}

func TestReadDirFails(t *testing.T) {
	if _, _, err := ReadDir(filepath.Join(t.TempDir(), "absent")); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Error(err)
	}
}
