package hook

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/effort"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// A Pace is how much of the machine a hook takes, as the user of the repository has
// configured it.
type Pace struct {
	// Cores is how many are used at most; 0 is all.
	Cores int
	// Low says that whatever else runs on the machine gets most of it.
	Low bool
}

// The settings of the pace, in the section of trust.Section.
const (
	priorityKey = "hookPriority"
	coresKey    = "hookCpu"
)

// paceIn reads the pace. A hook runs while somebody does something else, be it on a
// server of many or behind an editor, so its priority is low unless that is not wanted.
func paceIn(config gitrepo.Config) (Pace, error) {
	pace := Pace{Low: true}
	switch priority, _ := config.Get(trust.Section, "", priorityKey); priority {
	case "", "low":
	case "normal":
		pace.Low = false
	default:
		return pace, outcome.UsageError(fmt.Errorf("git config %s.%s is %q", trust.Section, priorityKey, priority), "low or normal")
	}
	cores, ok := config.Get(trust.Section, "", coresKey)
	if !ok || cores == "" {
		return pace, nil
	}
	var err error
	if pace.Cores, err = effort.ParseCores(cores); err != nil {
		return pace, outcome.UsageError(fmt.Errorf("git config %s.%s: %w", trust.Section, coresKey, err),
			fmt.Sprintf("give a number of cores, or none: git config --unset %s.%s", trust.Section, coresKey))
	}
	return pace, nil
}

// begin takes on the pace before the first judgement.
func (j *judge) begin() error {
	if j.begun || j.Pace == nil {
		return nil
	}
	pace, err := paceIn(j.config)
	if err != nil {
		return err
	}
	j.begun = true
	j.Pace(pace)
	return nil
}
