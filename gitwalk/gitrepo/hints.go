package gitrepo

import (
	"os"
	"path/filepath"
)

// Shallow says whether history was cut off when the repository was cloned.
func (r *Repository) Shallow() bool {
	info, err := os.Stat(filepath.Join(r.commonDir, "shallow"))
	return err == nil && info.Size() > 0
}

// PartialClone says whether objects were left out when the repository was
// cloned, to be fetched when they are needed.
func (r *Repository) PartialClone() bool {
	if _, ok := r.config.Get("extensions", "", "partialclone"); ok {
		return true
	}
	for _, remote := range r.config.Subsections("remote") {
		if r.config.IsTrue("remote", remote, "promisor") {
			return true
		}
	}
	return false
}

// Warnings are facts about the repository that git would act upon and that are
// ignored here, one lower-case sentence each.
func (r *Repository) Warnings() []string {
	var warnings []string
	replaced := false
	err := r.refs().each("refs/replace/", func(string) bool {
		replaced = true
		return false
	})
	if err == nil && replaced {
		warnings = append(warnings, "the repository has replace refs (refs/replace/); they are ignored")
	}
	if info, err := os.Stat(filepath.Join(r.commonDir, "info", "grafts")); err == nil && info.Size() > 0 {
		warnings = append(warnings, "the repository has a grafts file (info/grafts); it is ignored")
	}
	return warnings
}
