package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A Record is what is known of a history that was generated. It lies beside the packs,
// and says how far they go.
type Record struct {
	Version      int // of the generator
	Params       Params
	Units        int // that are finished
	Introduction string
	Signer       string // the fingerprint
	Tip          string
	// Before are commits so many commits before the tip, in the measure of Params.
	Before map[int]string
	// Packs are those that the history is in, the oldest first.
	Packs []Pack
}

// A Pack has what a segment has brought.
type Pack struct {
	Name    string // without its ending
	Commits int    // in the measure of Params, with those of the packs before it
}

// version is that of the generator: histories of another one are others.
const version = 3

// marks are how far before the tip there are commits in Before. A pack ends there, so
// that a repository can be made that has everything up to that commit and no more.
var marks = []int{100, 540}

const recordName = "generated.json"

// Finished says whether nothing is left to do.
func (r *Record) Finished() bool { return r.Units == r.Params.units() }

// Commits is how much of Params.Commits is finished.
func (r *Record) Commits() int { return r.Units * r.Params.commitsPerUnit() }

// Load reads the record of a history, or begins one if there is none.
func Load(dir string, params Params) (*Record, error) {
	r := &Record{Version: version, Params: params, Before: make(map[int]string)}
	content, err := os.ReadFile(filepath.Join(dir, recordName))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(content, r)
	}
	if err == nil && (r.Version != version || r.Params != params) {
		err = fmt.Errorf("%s has another history: version %d, %+v; remove it or choose another directory", dir, r.Version, r.Params)
	}
	return r, err
}

// save replaces the record as a whole.
func (r *Record) save(dir string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(dir, recordName)
	if err := os.WriteFile(name+".new", append(content, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// end is the unit with which the segment ends that begins with another one.
func (r *Record) end(first, perSegment int) int {
	last := min(r.Params.units(), (first/perSegment+1)*perSegment)
	for _, commits := range marks {
		if at := r.Params.units() - commits/r.Params.commitsPerUnit(); at > first && at < last {
			last = at
		}
	}
	return last
}

// mark notes the commit that comes so many units before the end.
func (r *Record) mark(units int, id gitwalk.ID) {
	for _, commits := range marks {
		if units*r.Params.commitsPerUnit() == commits {
			r.Before[commits] = id.String()
		}
	}
}
