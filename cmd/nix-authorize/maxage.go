package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/age"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// maxAge is how old a tip may be: what the flag says, or the configuration of a
// repository for a branch, or what is known otherwise, or 0 for any age. The
// repository may be nil.
func maxAge(flag string, repository *gitrepo.Repository, branch string, otherwise time.Duration) (time.Duration, error) {
	if flag != "" {
		return parseAge("--max-age", flag)
	}
	if repository == nil {
		return otherwise, nil
	}
	config, err := repository.Config()
	if err != nil {
		return 0, err
	}
	for _, section := range []string{trust.Section + "." + branch, trust.Section} {
		_, subsection, _ := strings.Cut(section, ".")
		if value, ok := config.Get(trust.Section, subsection, "maxAge"); ok {
			return parseAge("git config "+section+".maxAge", value)
		}
	}
	return otherwise, nil
}

func parseAge(where, text string) (time.Duration, error) {
	d, err := age.Parse(text)
	if err != nil {
		return 0, outcome.UsageError(fmt.Errorf("%s: %w", where, err), "")
	}
	return d, nil
}
