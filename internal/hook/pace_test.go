package hook

import (
	"strings"
	"testing"
)

// TestPace: a hook learns what the user has configured before it judges anything, and
// not at all where there is nothing to judge.
func TestPace(t *testing.T) {
	const empty = "empty" // configured, and nothing
	for _, test := range []struct {
		name          string
		priority, cpu string // what is configured
		want          Pace
		wrong         bool
	}{
		{"nothing said", "", "", Pace{Low: true}, false},
		{"normal priority", "normal", "", Pace{}, false},
		{"low priority, one core", "low", "1", Pace{Cores: 1, Low: true}, false},
		{"all cores", "", "0", Pace{Low: true}, false},
		{"both left empty", empty, empty, Pace{Low: true}, false},
		{"no such priority", "high", "", Pace{}, true},
		{"no number", "", "many", Pace{}, true},
		{"negative", "", "-1", Pace{}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGuarded(t)
			for key, value := range map[string]string{"hookPriority": test.priority, "hookCpu": test.cpu} {
				if value != "" {
					g.Git("config", "nix-authorize."+key, strings.TrimPrefix(value, empty))
				}
			}
			var paces []Pace
			run := func(lines ...string) string {
				t.Helper()
				var said []string
				r := g.hook(ReferenceTransaction)
				r.Pace = func(p Pace) { paces = append(paces, p) }
				r.Veto = func(v Veto) { said = append(said, describe(v)) }
				if _, err := r.Do(t.Context(), strings.NewReader(strings.Join(lines, "\n"))); err != nil {
					t.Error(err)
				}
				return strings.Join(said, ", ")
			}
			if said := run(to("refs/heads/topic", g.unsigned)); said != "" || len(paces) > 0 {
				t.Errorf("for a branch that is not protected: %q, %+v", said, paces)
			}
			said := run(to("refs/heads/main", g.start), to("refs/remotes/origin/main", g.good))
			if test.wrong {
				if said != "refs/heads/main usage, refs/remotes/origin/main usage" || len(paces) > 0 {
					t.Errorf("%q, %+v", said, paces)
				}
				return
			}
			if said != "" || len(paces) != 1 || paces[0] != test.want {
				t.Errorf("%q, %+v", said, paces)
			}
		})
	}
}
