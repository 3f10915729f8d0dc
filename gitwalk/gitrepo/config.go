package gitrepo

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Config is the configuration that the repository itself has. System and user
// configuration and included files are no part of it.
type Config struct {
	entries []configEntry
}

type configEntry struct {
	section    string // lower case
	subsection string // as written
	key        string // lower case
	value      string
	implicit   bool // there is no "=": git reads it as the boolean true
}

// Config reads the configuration anew: "config", and "config.worktree" where
// extensions.worktreeConfig says so.
func (r *Repository) Config() (Config, error) {
	config, err := readConfig(filepath.Join(r.commonDir, "config"))
	if err != nil || !config.IsTrue("extensions", "", "worktreeconfig") {
		return config, err
	}
	own, err := readConfig(filepath.Join(r.gitDir, "config.worktree"))
	if err != nil {
		return Config{}, err
	}
	return Config{entries: append(config.entries, own.entries...)}, nil
}

func readConfig(path string) (Config, error) {
	content, err := readOptional(path, maxConfig)
	if err != nil {
		return Config{}, err
	}
	config, err := parseConfig(content)
	var malformed *MalformedFileError
	if errors.As(err, &malformed) {
		malformed.Path = path
	}
	return config, err
}

// Get returns the last value of a variable. Section and key are compared
// without regard to case, the subsection exactly; it is "" for a variable
// outside of subsections.
func (c Config) Get(section, subsection, key string) (string, bool) {
	if e := c.last(section, subsection, key); e != nil {
		return e.value, true
	}
	return "", false
}

// All returns all values of a variable in the order of the file.
func (c Config) All(section, subsection, key string) []string {
	var values []string
	for _, e := range c.entries {
		if e.subsection == subsection && strings.EqualFold(e.section, section) && strings.EqualFold(e.key, key) {
			values = append(values, e.value)
		}
	}
	return values
}

// RemoteURLs are the addresses of a remote, of which git fetches from the first. An
// empty one takes back those before it.
func (c Config) RemoteURLs(remote string) []string {
	var urls []string
	for _, url := range c.All("remote", remote, "url") {
		if urls = append(urls, url); url == "" {
			urls = nil
		}
	}
	return urls
}

// Subsections are the subsections of a section in the order of their first
// appearance.
func (c Config) Subsections(section string) []string {
	var names []string
	seen := make(map[string]bool)
	for _, e := range c.entries {
		if e.subsection == "" || !strings.EqualFold(e.section, section) || seen[e.subsection] {
			continue
		}
		seen[e.subsection] = true
		names = append(names, e.subsection)
	}
	return names
}

func (c Config) last(section, subsection, key string) *configEntry {
	for i := range slices.Backward(c.entries) {
		e := &c.entries[i]
		if e.subsection == subsection && strings.EqualFold(e.section, section) && strings.EqualFold(e.key, key) {
			return e
		}
	}
	return nil
}

// IsTrue reads a boolean as git does. What is no boolean is not true.
func (c Config) IsTrue(section, subsection, key string) bool {
	e := c.last(section, subsection, key)
	if e == nil {
		return false
	}
	switch strings.ToLower(e.value) {
	case "true", "yes", "on":
		return true
	}
	number, err := strconv.Atoi(e.value)
	return e.implicit || err == nil && number != 0
}
