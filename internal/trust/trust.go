// Package trust knows where a verification takes its introduction from: the
// command line, or the repository's own configuration, where "nix-authorize
// trust" or Guix has recorded it. Both belong to the verifier; nothing here is
// read from the history that is judged.
package trust

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Section is the section of the repository's configuration that Record writes.
const Section = "nix-authorize"

// Settings are the four things that are configured for a verification, as text.
// An empty one is not set.
type Settings struct {
	Introduction   string // commit id
	Signer         string // fingerprint
	Keyring        string // branch or directory
	Authorizations string // file name
	// Origin says in words where the introduction was found.
	Origin string
}

// Recorded are the settings that the repository's configuration has for a
// branch, which may be empty: those of the branch before those of the repository
// before those of "guix git authenticate".
func Recorded(config gitrepo.Config, branch string) Settings {
	var s Settings
	if branch != "" {
		s = section(config, Section, branch)
	}
	s = s.Or(section(config, Section, ""))
	return s.Or(guix(config))
}

// CheckReplace makes sure that recording s for a branch would not replace another
// introduction without the user's knowing.
func CheckReplace(config gitrepo.Config, branch string, s Settings, replace bool) error {
	old := section(config, Section, branch)
	if replace || old.Introduction == "" && old.Signer == "" {
		return nil
	}
	was, err := old.Parse()
	is, errNew := s.Parse()
	if err == nil && errNew == nil && was.Commit == is.Commit && was.Signer == is.Signer {
		return nil
	}
	return outcome.UsageError(
		fmt.Errorf("another introduction is recorded already: %s, signed by %s", old.Introduction, old.Signer),
		"if you are sure that the new one is right, add --replace")
}

func section(config gitrepo.Config, name, subsection string) Settings {
	get := func(key string) string {
		value, _ := config.Get(name, subsection, key)
		return value
	}
	s := Settings{
		Introduction: get("introduction"), Signer: get("signer"),
		Keyring: get("keyring"), Authorizations: get("authorizations"),
	}
	s.Origin = "git config " + name + ".introduction"
	if subsection != "" {
		s.Origin = fmt.Sprintf("git config %s.%s.introduction", name, subsection)
	}
	return s
}

// guix reads what "guix git authenticate" records.
func guix(config gitrepo.Config) Settings {
	get := func(key string) string {
		value, _ := config.Get("guix", "authentication", key)
		return value
	}
	s := Settings{
		Introduction: get("introduction-commit"), Signer: get("introduction-signer"),
		Keyring: get("keyring"), Origin: "git config guix.authentication.introduction-commit",
	}
	if s.Introduction != "" {
		s.Authorizations = authz.GuixFormat.FileName()
	}
	return s
}

// Or fills what s does not set from other. Commit and signer of an introduction
// belong together and are never mixed, and neither are those of Guix with a
// keyring and file that were set for another introduction.
func (s Settings) Or(other Settings) Settings {
	if s.Introduction == "" && s.Signer == "" {
		s.Introduction, s.Signer, s.Origin = other.Introduction, other.Signer, other.Origin
	}
	if s.Keyring == "" {
		s.Keyring = other.Keyring
	}
	if s.Authorizations == "" && s.Introduction == other.Introduction {
		s.Authorizations = other.Authorizations
	}
	return s
}

const (
	hintTrust = "get commit and signer of the introduction from the project by a way you trust, then run: nix-authorize trust COMMIT SIGNER"
	hintFull  = "write all 40 digits: a hostile repository can have another commit whose id starts with the same few"
)

// Parse checks the settings. The Format is empty if no file is configured. The
// error is a usage error with a hint.
func (s Settings) Parse() (authz.Introduction, error) {
	var in authz.Introduction
	switch {
	case s.Introduction == "" && s.Signer == "":
		return in, outcome.UsageError(errors.New("no introduction is configured for this repository"), hintTrust)
	case s.Signer == "":
		return in, outcome.UsageError(errors.New("the introduction has no signer"), "add --signer FINGERPRINT")
	case s.Introduction == "":
		return in, outcome.UsageError(errors.New("a signer is given without an introduction"), "add --introduction COMMIT")
	}
	var err error
	if in.Commit, err = gitwalk.ParseID(s.Introduction); err != nil {
		return in, outcome.UsageError(fmt.Errorf("introduction: %w", err), hintFull)
	}
	if in.Signer, err = signer.ParseFingerprint(s.Signer); err != nil {
		return in, outcome.UsageError(fmt.Errorf("signer: %w", err),
			"give the whole fingerprint, as \"gpg --list-keys --with-subkey-fingerprint\" or \"ssh-keygen -l\" prints it")
	}
	if s.Authorizations != "" {
		if in.Format, err = authz.ParseFormat(s.Authorizations); err != nil {
			return in, outcome.UsageError(fmt.Errorf("authorizations: %w", err), "")
		}
	}
	return in, nil
}

// Of are the settings that stand for an introduction.
func Of(in authz.Introduction) Settings {
	return Settings{Introduction: in.Commit.String(), Signer: string(in.Signer), Authorizations: in.Format.FileName()}
}
