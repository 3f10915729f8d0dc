// Package remoteurl gives the addresses of repositories one spelling, so that
// what is known about a remote is found again when its address is written
// another way ("GIT URLS" in git-clone(1)).
//
// Only what is certain to be another spelling is changed: two repositories must
// not be taken for one.
package remoteurl

import (
	"net/url"
	"path/filepath"
	"strings"
)

// A URL is an address in the one spelling that Normalize makes. It carries no
// password.
type URL string

// Normalize returns the one spelling of an address as git accepts it:
//
//   - of "https://user:password@Example.org:443/x.git/" it is
//     "https://example.org/x"; with ssh the name of the user stays, since paths
//     can depend on it;
//   - "git@example.org:x.git", the form of scp, becomes "git@example.org:x";
//   - a local path, relative to the absolute path dir, or a file URL becomes an
//     absolute path, without "/.git" at its end; a directory x.git is not the
//     directory x;
//   - "name::address", for a remote helper, stays as it is but for a password.
func Normalize(address, dir string) URL {
	scheme, rest, isURL := cutScheme(address)
	switch {
	case isHelper(address):
		return URL(Shown(address))
	case isURL && scheme == "file":
		return localPath(decoded(rest), "/")
	case isURL:
		return URL(scheme + "://" + normalized(scheme, rest))
	case IsLocal(address):
		return localPath(address, dir)
	}
	host, path, _ := strings.Cut(address, ":")
	if trimmed := trimmed(path); trimmed != "" {
		path = trimmed
	}
	return URL(host + ":" + path)
}

// IsLocal says whether git takes an address for a local path: it is no URL, and
// no colon comes before the first slash.
func IsLocal(address string) bool {
	if _, _, isURL := cutScheme(address); isURL || isHelper(address) {
		return false
	}
	colon, slash := strings.IndexByte(address, ':'), strings.IndexByte(address, '/')
	return colon < 0 || slash >= 0 && slash < colon
}

// HasCredentials says whether an address contains what gives access to somebody:
// a password, or, where it is no name of an account, anything in its place.
func HasCredentials(address string) bool {
	scheme, rest, isURL := cutScheme(address)
	if !isURL {
		return false
	}
	authority, _ := cutAuthority(rest)
	user, _ := cutUser(authority)
	return user != "" && (scheme != "ssh" || strings.Contains(user, ":"))
}

// cutScheme cuts "scheme://" off, in lower case and with one name for ssh.
func cutScheme(address string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(address, "://")
	if !ok || !isScheme(scheme) {
		return "", "", false
	}
	scheme = strings.ToLower(scheme)
	if scheme == "git+ssh" || scheme == "ssh+git" {
		scheme = "ssh"
	}
	return scheme, rest, true
}

func isHelper(address string) bool {
	name, _, ok := strings.Cut(address, "::")
	return ok && isScheme(name)
}

// isScheme says whether git takes s for the name of a protocol.
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// normalized is what follows "scheme://" in its one spelling.
func normalized(scheme, rest string) string {
	authority, path := cutAuthority(rest)
	user, host := cutUser(authority)
	user, _, _ = strings.Cut(user, ":")
	if scheme == "ssh" && user != "" {
		user += "@"
	} else {
		user = ""
	}
	query := ""
	if i := strings.IndexAny(path, "?#"); i >= 0 && strings.HasPrefix(scheme, "http") {
		path, query = path[:i], path[i:]
	}
	return user + normalizedHost(scheme, host) + trimmed(path) + query
}

// cutAuthority cuts what follows "scheme://" before the path.
func cutAuthority(rest string) (authority, path string) {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[:i], rest[i:]
	}
	return rest, ""
}

func cutUser(authority string) (user, host string) {
	i := strings.LastIndexByte(authority, '@')
	return authority[:max(i, 0)], authority[i+1:]
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "ssh": "22", "git": "9418", "ftp": "21", "ftps": "990"}

// normalizedHost is a host in lower case, with its port if that is not the usual
// one.
func normalizedHost(scheme, host string) string {
	host = strings.ToLower(host)
	i := strings.LastIndexByte(host, ':')
	if i < 0 {
		return host
	}
	name, port := host[:i], host[i+1:]
	if strings.Contains(name, ":") && !strings.HasSuffix(name, "]") { // a colon of an IPv6 address
		return host
	}
	if port == "" || port == defaultPorts[scheme] {
		return name
	}
	return host
}

// trimmed is the path on a server without slashes and ".git" at its end.
func trimmed(path string) string {
	for {
		shorter := strings.TrimSuffix(strings.TrimRight(path, "/"), ".git")
		if shorter == path {
			return path
		}
		path = shorter
	}
}

// localPath is an absolute path without the name of the directory in which a
// repository with a work tree keeps its objects.
func localPath(path, dir string) URL {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	path = filepath.Clean(path)
	for strings.HasSuffix(path, "/.git") {
		path = strings.TrimSuffix(path, "/.git")
	}
	if path == "" {
		return "/"
	}
	return URL(path)
}

// decoded resolves the percent signs of a file URL, unless they are malformed.
func decoded(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}
