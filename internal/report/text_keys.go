package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// keys lists the keys of a keyring, then those that are authorized and not in it.
func (t *Text) keys(e Keys) {
	keys := e.Keyring.Keys()
	fmt.Fprintf(t.Out, "keyring: %s, %s\n", Printable(e.Keyring.Name), plural(len(keys), "key"))
	for _, key := range keys {
		t.key(key, e.Authorized)
	}
	if e.Authorized != nil {
		fmt.Fprintf(t.Out, "authorized at %s by its %s: %s\n", named(e.At, e.Revision), e.Format.FileName(), plural(len(e.Authorized.Entries()), "key"))
		for _, entry := range e.Authorized.Entries() {
			t.entry(entry, e)
		}
	}
	if e.Malformed != nil {
		fmt.Fprintf(t.Out, "authorized at %s: nobody; its %s is malformed: %s\n", named(e.At, e.Revision), e.Format.FileName(), Printable(e.Malformed.Error()))
	}
	for _, skipped := range e.Keyring.Skipped {
		fmt.Fprintf(t.Out, "skipped %s: %s\n", Printable(skipped.File), Printable(skipped.Detail))
	}
}

func (t *Text) key(key keyring.Key, authorized *authz.Authorizations) {
	fmt.Fprintf(t.Out, "%s  %s", key.Fingerprint, key.Algorithm)
	if entry, ok := entryOf(authorized, key); ok {
		fmt.Fprintf(t.Out, "  %s", t.out().good("authorized as "+Printable(entry.Name)))
	}
	for _, state := range states(key) {
		fmt.Fprintf(t.Out, "  %s", t.out().doubt(state))
	}
	fmt.Fprintln(t.Out)
	t.field("file", "%s", Printable(key.File))
	for _, primary := range key.Primaries {
		t.field("subkey of", "%s", primary)
	}
	for _, id := range key.UserIDs {
		t.field("claims", "%s", Printable(id))
	}
}

func (t *Text) entry(entry authz.Entry, e Keys) {
	where := ""
	if _, ok := e.Keyring.Lookup(entry.Key); !ok && !entry.Key.IsSSH() {
		where = "  " + t.out().doubt("not in the keyring")
	}
	rights := entry.Rights.String()
	if len(entry.Paths) > 0 {
		rights += " below " + strings.Join(entry.Paths, ", ")
	}
	fmt.Fprintf(t.Out, "%s  %s  may %s%s\n", entry.Key, Printable(entry.Name), Printable(rights), where)
}

// entryOf is the entry that would match a signature by the key.
func entryOf(authorized *authz.Authorizations, key keyring.Key) (authz.Entry, bool) {
	if authorized == nil {
		return authz.Entry{}, false
	}
	return authorized.Match(&signer.Identity{Key: key.Fingerprint, Primaries: key.Primaries})
}

// states are facts about a key that do not decide and that people want to know.
func states(key keyring.Key) []string {
	var states []string
	if key.Revoked {
		states = append(states, "revoked")
	}
	if verification.Expired(key.Expires) {
		states = append(states, "expired "+key.Expires.UTC().Format(time.DateOnly))
	}
	if key.Usable != "" {
		states = append(states, key.Usable)
	}
	return states
}

// claim is whom a key claims to belong to. Nobody has verified it.
func claim(key keyring.Key) string {
	if len(key.UserIDs) == 0 {
		return key.Algorithm
	}
	return key.Algorithm + ", claims to be " + key.UserIDs[0]
}
