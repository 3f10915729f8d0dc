package verification

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// A Concern is something that people want to know about a history and that does
// not change the verdict.
type Concern struct {
	Code string // stable
	Text string // one fact
	Hint string
}

// Concerns looks at the keys that are authorized at a commit now. That a key has
// expired or was revoked does not decide, since history must verify for ever and
// a date is the signer's own claim; but whoever looks after the project should
// take the key out of the file.
func (v *Verification) Concerns(at gitwalk.ID) []Concern {
	_, file, err := v.CommitAt(at)
	if err != nil || file.Authorizations == nil {
		return nil // the verdict has said so
	}
	var revoked, expired []string
	entries := file.Authorizations.Entries()
	standings := v.standings(entries)
	for i, entry := range entries {
		switch {
		case standings[i].Revoked:
			revoked = append(revoked, entry.Name)
		case Expired(standings[i].Expires):
			expired = append(expired, entry.Name)
		}
	}
	return append(v.concern("revoked-key", "revoked", revoked), v.concern("expired-key", "expired", expired)...)
}

// standings looks the keys of entries up on all cores, since what a key says of itself
// is signed and has to be verified. Where nothing is new, that is most of what a run
// takes. A key that is not in the keyring has the zero standing.
func (v *Verification) standings(entries []authz.Entry) []keyring.Standing {
	standings := make([]keyring.Standing, len(entries))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(entries)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(entries); i = next.Add(1) - 1 {
				standings[i], _ = v.Keyring.Standing(entries[i].Key)
			}
		})
	}
	workers.Wait()
	return standings
}

// NotCached is the concern that a verdict could not be remembered.
func NotCached(err error) Concern {
	return Concern{Code: "not-cached", Text: "the result could not be remembered: " + err.Error(),
		Hint: "the next run judges everything again; --no-cache says that this is intended"}
}

// Expired says whether a key whose owner meant it to be used until then is used now
// nevertheless; zero is for ever.
func Expired(expires time.Time) bool { return !expires.IsZero() && expires.Before(time.Now()) }

func (v *Verification) concern(code, state string, names []string) []Concern {
	if len(names) == 0 {
		return nil
	}
	keys := "1 authorized key is"
	if len(names) > 1 {
		keys = fmt.Sprintf("%d authorized keys are", len(names))
	}
	return []Concern{{
		Code: code,
		Text: fmt.Sprintf("%s %s: %s", keys, state, strings.Join(names, ", ")),
		Hint: fmt.Sprintf(`"nix-authorize keyring list" shows them; take them out of %s, or put the renewed keys into the keyring`,
			v.Policy.Introduction.Format.FileName()),
	}}
}
