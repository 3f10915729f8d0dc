package gitwalk

import (
	"fmt"
	"slices"
	"strings"
)

// tree adds a tree, with the trees below it. Each row is a path, or a mode and a
// path; what stands behind a second blank goes into the content, of which only the
// id matters. A path that ends in a slash is a directory that has nothing else.
func (m *memory) tree(rows ...string) ID {
	var entries []rawEntry
	below := make(map[string][]string)
	for _, row := range rows {
		fields := strings.Fields(row)
		if _, isMode := parseMode([]byte(fields[0])); !isMode {
			fields = append([]string{"100644"}, fields...)
		}
		name, rest, isDirectory := strings.Cut(fields[1], "/")
		if !isDirectory {
			mode, _ := parseMode([]byte(fields[0]))
			id, _ := Hash(KindBlob, []byte(strings.Join(fields[2:], " ")))
			entries = append(entries, rawEntry{mode, []byte(name), id[:]})
			continue
		}
		below[name] = append(below[name], []string{}...)
		if rest != "" {
			fields[1] = rest
			below[name] = append(below[name], strings.Join(fields, " "))
		}
	}
	for name, rows := range below {
		id := m.tree(rows...)
		entries = append(entries, rawEntry{ModeTree, []byte(name), id[:]})
	}
	return m.put(KindTree, rawEntries(entries))
}

// rawEntries is a tree of entries, which it puts in Git's order.
func rawEntries(entries []rawEntry) string {
	slices.SortFunc(entries, compareEntries)
	var raw strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&raw, "%o %s\x00%s", uint32(e.mode), e.name, e.id)
	}
	return raw.String()
}

// nested adds a tree that has a file at the end of so many directories.
func (m *memory) nested(depth int, content string) ID {
	id := m.tree("file " + content)
	for range depth {
		id = m.put(KindTree, rawEntries([]rawEntry{{ModeTree, []byte("d"), id[:]}}))
	}
	return id
}
