package trust

import (
	"context"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// Protected are the patterns of branches that the hooks judge by the introduction of
// the whole repository, as they are configured; none if nobody has said it yet.
func Protected(config gitrepo.Config) []string { return config.All(Section, "", "protect") }

// Protect adds patterns to those of Protected and returns the file that it has
// changed. Either all of them are added or none is.
func Protect(ctx context.Context, repository *gitrepo.Repository, patterns []string) (string, error) {
	path := filepath.Join(repository.CommonDir(), "config")
	return path, edit(path, func(draft string) error {
		for _, pattern := range patterns {
			git := gitcli.Repository{Dir: filepath.Dir(draft)}
			if _, err := git.Output(ctx, "config", "--file", draft, "--add", Section+".protect", pattern); err != nil {
				return err
			}
		}
		return nil
	})
}
