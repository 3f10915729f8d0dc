// Package cache remembers which commits were found authentic, so that the next
// run judges only what is new.
//
// It is an optimisation that can be deleted at any time. A file holds the results
// of one policy: its name is a hash over everything that the verdict depends on.
// A file that is not the user's alone, or is in any way odd, counts as absent and
// is written anew from the present run.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/private"
)

// A Cache is the file for one policy. Methods of a nil Cache do nothing.
type Cache struct {
	file private.File
	key  string
}

// most is how many authentic commits a file holds, the latest first. Each costs
// a walk of its own when it is not an ancestor of what is judged next.
const most = 16

const (
	maxFile = 64 << 10 // bytes
	// patience is how long another process may take to replace the file. The
	// cache is not worth a longer wait.
	patience = 200 * time.Millisecond
)

// Dir is the folder for caches by the XDG base directory specification, and
// false if the environment does not tell where the user's files are.
func Dir(getenv func(string) string) (string, bool) {
	if dir := getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "nix-authorize"), true
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "nix-authorize"), true
	}
	return "", false
}

// Open names the file in dir for an introduction and the content of the historical
// authorizations, nil if there are none. It touches no file.
func Open(dir string, introduction authz.Introduction, historical []byte) *Cache {
	sum := sha256.New()
	fmt.Fprintf(sum, "engine %d\nintroduction %s\nsigner %s\nfile %s\n", authz.EngineVersion,
		introduction.Commit, introduction.Signer, introduction.Format.FileName())
	if historical != nil {
		fmt.Fprintf(sum, "historical %x\n", sha256.Sum256(historical))
	}
	key := hex.EncodeToString(sum.Sum(nil))
	return &Cache{private.File{Path: filepath.Join(dir, key), Limit: maxFile, Wait: patience}, key}
}

// Tips are the commits that were found authentic with all that they descend
// from, latest first; none if the file cannot be believed.
func (c *Cache) Tips() []gitwalk.ID {
	if c == nil {
		return nil
	}
	content, err := c.file.Read()
	if err != nil {
		return nil
	}
	return c.parse(string(content))
}

// Add remembers an authentic tip. An error means that it is not remembered and
// that the file is as it was.
func (c *Cache) Add(tip gitwalk.ID) error {
	if c == nil {
		return nil
	}
	if known := c.Tips(); len(known) > 0 && known[0] == tip {
		return nil
	}
	return c.file.Update(func(old []byte, _ error) ([]byte, error) {
		tips := slices.DeleteFunc(c.parse(string(old)), func(id gitwalk.ID) bool { return id == tip })
		tips = slices.Insert(tips, 0, tip)
		return c.format(tips[:min(len(tips), most)]), nil
	})
}

func (c *Cache) header() string {
	return "nix-authorize cache of authentic commits\n" + c.key + "\n"
}

func (c *Cache) format(tips []gitwalk.ID) []byte {
	var b strings.Builder
	b.WriteString(c.header())
	for _, id := range tips {
		fmt.Fprintln(&b, id)
	}
	b.WriteString("end\n")
	return []byte(b.String())
}

// parse accepts only what format writes.
func (c *Cache) parse(content string) []gitwalk.ID {
	lines, ok := strings.CutPrefix(content, c.header())
	if !ok {
		return nil
	}
	var tips []gitwalk.ID
	for line := range strings.Lines(lines) {
		id, err := gitwalk.ParseID(strings.TrimSuffix(line, "\n"))
		if err != nil {
			break
		}
		tips = append(tips, id)
	}
	if len(tips) > most || string(c.format(tips)) != content {
		return nil
	}
	return tips
}
