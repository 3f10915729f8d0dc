package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/bench/history"
	"github.com/nix-authorize/nix-authorize/bench/process"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A subject is a history to measure with, and what a verifier has to know of it.
type subject struct {
	name                 string
	dir                  string
	introduction, signer string
	file                 string // the authorizations file
	tip                  string
	length               int
	record               *history.Record // of a generated one
}

// generated is the subject of a history that was generated.
func generated(dir string, r *history.Record) subject {
	name := fmt.Sprintf("generated, %s", r.Params.Rule)
	return subject{name, dir, r.Introduction, r.Signer, ".nix-authorizations", r.Tip, r.Commits(), r}
}

// verify is the command that judges a tip.
func (l *Lab) verify(s subject, home, tip string, more ...string) process.Command {
	args := []string{l.Program, "verify", "-C", s.dir, "--introduction", s.introduction, "--signer", s.signer, "--authorizations", s.file}
	return process.Command{Args: append(append(args, more...), tip), Env: process.Environment(home)}
}

// kinds counts signatures by the kind of key. The report is what "verify --stats" says
// in JSON.
func kinds(ctx context.Context, s subject, report []byte) (map[string]int, error) {
	var stats struct {
		Signers []struct {
			Fingerprint signer.Fingerprint
			Commits     int
		}
	}
	if err := json.Unmarshal(report, &stats); err != nil {
		return nil, err
	}
	repository, err := gitrepo.Open(ctx, s.dir, gitrepo.Options{})
	if err != nil {
		return nil, err
	}
	ring, err := keysource.Load(repository, s.dir, "keyring", "")
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int)
	for _, by := range stats.Signers {
		key, ok := ring.Lookup(by.Fingerprint)
		switch {
		case ok:
			counts[key.Algorithm] += by.Commits
		case strings.HasPrefix(string(by.Fingerprint), "SHA256:"):
			counts["SSH Ed25519"] += by.Commits // the kind that generated histories have
		default:
			return nil, fmt.Errorf("the key %s is not in the keyring of %s", by.Fingerprint, s.dir)
		}
	}
	return counts, nil
}

// allKinds are those that any of the histories has.
func allKinds(histories []History) []string {
	var kinds []string
	for _, h := range histories {
		for kind := range h.Signatures {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}
