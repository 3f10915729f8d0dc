package remoteurl

import "testing"

func TestShown(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"https://example.org/x.git", "https://example.org/x.git"},
		{"https://user:secret@Example.org:8443/x.git/", "https://Example.org:8443/x.git/"},
		{"https://token@example.org/x", "https://example.org/x"},
		{"https://user:p@ss:w@rd@example.org/x@y", "https://example.org/x@y"},
		{"HTTPS://token@example.org", "HTTPS://example.org"},
		{"ssh://git@example.org/x", "ssh://git@example.org/x"},
		{"ssh://git:secret@example.org/x", "ssh://git@example.org/x"},
		{"git+ssh://git:secret@example.org:22/x", "git+ssh://git@example.org:22/x"},
		{"ssh://:secret@example.org/x", "ssh://example.org/x"},
		{"git@example.org:x.git", "git@example.org:x.git"},
		{"/srv/x", "/srv/x"},
		{"origin", "origin"},
		{"hg::https://user:secret@example.org/x", "hg::https://example.org/x"},
		{"", ""},
	} {
		if got := Shown(c.address); got != c.want {
			t.Errorf("Shown(%q) = %q, want %q", c.address, got, c.want)
		}
		if HasCredentials(Shown(c.address)) {
			t.Errorf("Shown(%q) has credentials", c.address)
		}
	}
}

// TestHelperWithoutPassword: what is remembered carries no password either.
func TestHelperWithoutPassword(t *testing.T) {
	if got := Normalize("hg::https://user:secret@example.org/x", "/"); got != "hg::https://example.org/x" {
		t.Errorf("normalized to %q", got)
	}
}
