package founding

import (
	"context"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/introductions"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/shell"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// publish finds out what is to be run next, here and by others.
func (f *Founded) publish(ctx context.Context) error {
	config, err := f.repository.Config()
	if err != nil {
		return err
	}
	if signs, err := f.signsAlways(ctx); err != nil {
		return err
	} else if !signs {
		f.Next = append(f.Next, "git config commit.gpgSign true")
	}
	remote, url := publicRemote(config)
	if url == "" {
		f.Next = append(f.Next, "git remote add origin URL")
	}
	push := []string{"git", "push", remote, f.Branch}
	if f.Keyring != nil {
		push = append(push, f.Keyring.Branch)
	}
	f.Next = append(f.Next, shell.Line(push...))
	if url == "" || remoteurl.HasCredentials(url) {
		url = "URL"
	}
	published := f.Introduction
	if _, err := verification.FormatOf(f.repository, published.Commit); err == nil {
		published.Format = "" // nobody needs to be told
	}
	entry := introductions.Entry{URL: url, Introduction: published, Keyring: f.o.Keyring}
	f.Clone = entry.CommandLine()
	f.Trust = trustLine(published, f.o.Keyring)
	return nil
}

// trustLine is the command that records the introduction in a clone.
func trustLine(in authz.Introduction, keyring string) string {
	line := []string{"nix-authorize", "trust", in.Commit.String(), string(in.Signer)}
	if in.Format != "" {
		line = append(line, "--authorizations", in.Format.FileName())
	}
	if keyring != "" {
		line = append(line, "--keyring", keyring)
	}
	return shell.Line(line...)
}

// publicRemote is the remote to push to, origin if there is no other, and its
// address, empty if it has none yet.
func publicRemote(config gitrepo.Config) (name, url string) {
	name = "origin"
	if remotes := config.Subsections("remote"); len(remotes) > 0 && !slices.Contains(remotes, name) {
		name = remotes[0]
	}
	url, _ = config.Get("remote", name, "url")
	return name, url
}

// signsAlways says whether git signs every commit without being told to.
func (f *Founded) signsAlways(ctx context.Context) (bool, error) {
	out, err := f.o.Git.Output(ctx, "config", "--type=bool", "--get", "commit.gpgSign")
	if _, failed := gitcli.Failed(err); failed {
		return false, nil // not set
	}
	return strings.TrimSpace(string(out)) == "true", err
}
