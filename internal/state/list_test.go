package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
)

func TestList(t *testing.T) {
	dir := t.TempDir()
	if all, err := List(filepath.Join(dir, "nothing")); len(all) > 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	for _, name := range []string{"b main", "a next", "c main", "a main"} {
		k := aKey(t)
		remote, branch, _ := strings.Cut(name, " ")
		k.Remote, k.Branch = remoteurl.URL(remote), branch
		must(t, Open(dir, k).Remember(nil, aTip(t, remote)))
	}
	odd := aKey(t)
	odd.Remote = "0"
	must(t, Open(dir, odd).Remember(nil, aTip(t, "a")))
	must(t, os.Chmod(Open(dir, odd).Path(), 0o644))
	tips := filepath.Join(dir, "tips")
	must(t, os.WriteFile(filepath.Join(tips, strings.Repeat("0", 64)), []byte("junk"), 0o600))
	must(t, os.WriteFile(filepath.Join(tips, strings.Repeat("1", 64)+".tmp"), []byte("junk"), 0o600))
	must(t, os.WriteFile(filepath.Join(tips, "README"), []byte("text"), 0o600))

	all, err := List(dir)
	must(t, err)
	var got []string
	bad := 0
	for _, l := range all {
		if l.Err != nil {
			if l.Remembered != nil || l.Key() != (Key{}) {
				t.Errorf("%+v has an error and more", l)
			}
			wantClass(t, l.Err, "nix-authorize state forget")
			bad++
			continue
		}
		if bad > 0 {
			t.Errorf("%s comes after what cannot be believed", l.Path())
		}
		got = append(got, string(l.Key().Remote)+" "+l.Key().Branch)
		wantTip(t, l.Tip, aTip(t, string(l.Key().Remote)))
		if *l.Remembered != aTip(t, string(l.Key().Remote)) {
			t.Errorf("listed %+v", l.Remembered)
		}
	}
	if strings.Join(got, ", ") != "a main, a next, b main, c main" || bad != 2 {
		t.Errorf("listed %v and %d files that cannot be believed", got, bad)
	}
	for _, l := range all {
		if found, err := l.Forget(); !found || err != nil {
			t.Errorf("forgetting %s: %t, %v", l.Path(), found, err)
		}
	}
	if all, err := List(dir); len(all) > 0 || err != nil {
		t.Errorf("after forgetting: %v, %v", all, err)
	}
}
