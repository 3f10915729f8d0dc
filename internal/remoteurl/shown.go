package remoteurl

import "strings"

// Shown is an address as people may see it: as it was written, without a password or
// what else gives access to somebody.
func Shown(address string) string {
	if name, rest, ok := strings.Cut(address, "::"); ok && isScheme(name) {
		return name + "::" + Shown(rest)
	}
	if !HasCredentials(address) {
		return address
	}
	scheme, rest, _ := strings.Cut(address, "://")
	authority, path := cutAuthority(rest)
	user, host := cutUser(authority)
	name, _, _ := strings.Cut(user, ":")
	if named := scheme + "://" + name + "@" + host + path; name != "" && !HasCredentials(named) {
		return named
	}
	return scheme + "://" + host + path
}
