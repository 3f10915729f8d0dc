package verification

import (
	"fmt"
	"strings"
	"time"

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
	for _, entry := range file.Authorizations.Entries() {
		key, ok := v.Keyring.Lookup(entry.Key)
		switch {
		case !ok:
		case key.Revoked:
			revoked = append(revoked, entry.Name)
		case Expired(key):
			expired = append(expired, entry.Name)
		}
	}
	return append(v.concern("revoked-key", "revoked", revoked), v.concern("expired-key", "expired", expired)...)
}

// NotCached is the concern that a verdict could not be remembered.
func NotCached(err error) Concern {
	return Concern{Code: "not-cached", Text: "the result could not be remembered: " + err.Error(),
		Hint: "the next run judges everything again; --no-cache says that this is intended"}
}

// Expired says whether the key's owner meant it to be used until before now.
func Expired(key keyring.Key) bool { return !key.Expires.IsZero() && key.Expires.Before(time.Now()) }

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
