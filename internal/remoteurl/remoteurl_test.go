package remoteurl

import (
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"https://example.org/x", "https://example.org/x"},
		{"https://example.org/x/", "https://example.org/x"},
		{"https://example.org/x//", "https://example.org/x"},
		{"https://example.org/x.git", "https://example.org/x"},
		{"https://example.org/x.git/", "https://example.org/x"},
		{"https://example.org/x/.git", "https://example.org/x"},
		{"https://example.org/x.GIT", "https://example.org/x.GIT"},
		{"https://example.org/xgit", "https://example.org/xgit"},
		{"https://example.org/X", "https://example.org/X"},
		{"https://example.org/a//b/../x", "https://example.org/a//b/../x"},
		{"HTTPS://Example.ORG:443/x", "https://example.org/x"},
		{"https://example.org:/x", "https://example.org/x"},
		{"https://example.org:8443/x", "https://example.org:8443/x"},
		{"http://example.org:443/x", "http://example.org:443/x"},
		{"http://example.org:80/x", "http://example.org/x"},
		{"https://example.org", "https://example.org"},
		{"https://example.org/", "https://example.org"},
		{"https://alice@example.org/x", "https://example.org/x"},
		{"https://alice:secret@example.org/x", "https://example.org/x"},
		{"https://alice:se@cret@example.org/x", "https://example.org/x"},
		{"https://:secret@example.org/x", "https://example.org/x"},
		{"https://example.org/a@b", "https://example.org/a@b"},
		{"https://example.org/x.git?a=b/", "https://example.org/x?a=b/"},
		{"https://example.org?a=b@c", "https://example.org?a=b@c"},
		{"https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"},
		{"https://[2001:db8::443]/x", "https://[2001:db8::443]/x"},
		{"https://2001:db8::443/x", "https://2001:db8::443/x"},
		{"https://::/x", "https://::/x"},
		{"git://example.org:9418/x.git", "git://example.org/x"},
		{"ssh://git@example.org:22/x.git", "ssh://git@example.org/x"},
		{"ssh://git:secret@example.org/~/x", "ssh://git@example.org/~/x"},
		{"ssh://example.org:2222/x", "ssh://example.org:2222/x"},
		{"git+ssh://git@example.org/x", "ssh://git@example.org/x"},
		{"ssh://git@example.org/x?y/", "ssh://git@example.org/x?y"},

		{"git@example.org:x/y.git", "git@example.org:x/y"},
		{"git@example.org:x/y/", "git@example.org:x/y"},
		{"git@example.org:/x/y", "git@example.org:/x/y"},
		{"Host:x", "Host:x"},
		{"example.org:", "example.org:"},
		{"example.org:/", "example.org:/"},
		{"example.org:.git", "example.org:.git"},

		{"/srv/x", "/srv/x"},
		{"/srv//a/../x/", "/srv/x"},
		{"/srv/x.git", "/srv/x.git"},
		{"/srv/x/.git", "/srv/x"},
		{"/srv/x/.git/", "/srv/x"},
		{"/.git", "/"},
		{"/", "/"},
		{"x", "/home/alice/x"},
		{"../x", "/home/x"},
		{".", "/home/alice"},
		{".git", "/home/alice"},
		{"./example.org:x", "/home/alice/example.org:x"},
		{"~/x", "/home/alice/~/x"}, // the shell resolves it, git does not
		{"a/b://c", "/home/alice/a/b:/c"},
		{"file:///srv/x", "/srv/x"},
		{"file:///srv/x/.git", "/srv/x"},
		{"FILE:///srv/a%20b", "/srv/a b"},
		{"file:///srv/a%2", "/srv/a%2"},
		{"file://host/x", "/host/x"},

		{"ext::ssh -p 1 host %S x.git", "ext::ssh -p 1 host %S x.git"},
		{"https::https://alice:secret@h/", "https::https://h/"},
		{"codecommit::eu://x", "codecommit::eu://x"},
		{"[::1]:x.git", "[::1]:x"},
	} {
		got := Normalize(c.address, "/home/alice")
		if string(got) != c.want {
			t.Errorf("Normalize(%q) = %q instead of %q", c.address, got, c.want)
		}
	}
}

func TestIsLocal(t *testing.T) {
	for address, want := range map[string]bool{
		"/srv/x": true, "x": true, "../x": true, "./a:b": true, "a/b:c": true, "": true,
		"https://h/x": false, "file:///x": false, "h:x": false, "git@h:x": false, "ext::x": false, "1a://x": false,
	} {
		if got := IsLocal(address); got != want {
			t.Errorf("IsLocal(%q) = %t", address, got)
		}
	}
}

func TestHasCredentials(t *testing.T) {
	for address, want := range map[string]bool{
		"https://h/x":             false,
		"https://token@h/x":       true,
		"https://alice:secret@h/": true,
		"https://h/a@b":           false,
		"https://h:443?a@b":       false,
		"ssh://git@h/x":           false,
		"ssh://git:secret@h/x":    true,
		"git+ssh://git@h/x":       false,
		"git@h:x":                 false,
		"/srv/a@b":                false,
	} {
		if got := HasCredentials(address); got != want {
			t.Errorf("HasCredentials(%q) = %t", address, got)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, address := range []string{
		"https://a:b@H:443/x.git/", "ssh://git@h/x", "h:x.git", "/srv/.git/", "../x", "file:///a%2fb", "ext::x", "https://h/.git/.git?x",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		normal := Normalize(address, "/home/alice")
		if again := Normalize(string(normal), "/elsewhere"); again != normal {
			t.Errorf("%q is %q, and that is %q", address, normal, again)
		}
		if !strings.Contains(address, "::") && HasCredentials(string(normal)) {
			t.Errorf("%q is %q, with credentials", address, normal)
		}
	})
}
