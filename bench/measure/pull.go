package measure

import (
	"context"
	"os"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// pulls measures "pull" with nothing new and with some new commits. The home remembers
// what the cold run has judged.
func (l *Lab) pulls(ctx context.Context, s subject, h *History, home string) error {
	for _, commits := range []int{0, 100, newCommits} {
		if commits > 0 && s.record.Before[commits] == "" {
			continue
		}
		pull, err := l.pull(ctx, s, home, commits)
		if err != nil {
			return err
		}
		h.Pull = append(h.Pull, *pull)
	}
	return nil
}

// A meeting is a server with all commits, and a client that lacks some.
type meeting struct {
	lab     *Lab
	subject subject
	commits int // that are new
	before  string
	server  string
	home    string // of the client's user, who has pulled what was there before
}

func (l *Lab) pull(ctx context.Context, s subject, home string, commits int) (*Pull, error) {
	m := &meeting{lab: l, subject: s, commits: commits, before: s.tip}
	if commits > 0 {
		m.before = s.record.Before[commits]
	}
	if err := m.prepare(ctx, home); err != nil {
		return nil, err
	}
	var pulled, fetched []process.Cost
	for range l.times(quickRuns) {
		cost, err := m.once(ctx, "git", "fetch", "-q", "--no-write-fetch-head", "origin", "+main:refs/x/main", "+keyring:refs/x/keyring")
		if err != nil {
			return nil, err
		}
		fetched = append(fetched, cost)
		if cost, err = m.once(ctx, l.Program, "pull", "-q", "--yes"); err != nil {
			return nil, err
		}
		pulled = append(pulled, cost)
	}
	return &Pull{commits, process.Median(pulled), process.Median(fetched)}, os.RemoveAll(m.server)
}

// prepare makes the server, and has the client pull while the server has nothing new, so
// that it remembers where it is.
func (m *meeting) prepare(ctx context.Context, home string) (err error) {
	if m.home, err = m.lab.copied(home); err != nil {
		return err
	}
	if m.server, err = m.lab.linked(ctx, m.subject, m.subject.length); err != nil {
		return err
	}
	if _, err := git(ctx, m.server, "update-ref", "refs/heads/main", m.before); err != nil {
		return err
	}
	if _, err := m.pullIn(ctx, m.home, m.lab.Program, "pull", "-q", "--yes"); err != nil {
		return err
	}
	_, err = git(ctx, m.server, "update-ref", "refs/heads/main", m.subject.tip)
	return err
}

// once runs a command as the client, on a copy of everything, so that the next time is
// like this one.
func (m *meeting) once(ctx context.Context, args ...string) (process.Cost, error) {
	home, err := m.lab.copied(m.home)
	if err != nil {
		return process.Cost{}, err
	}
	defer os.RemoveAll(home)
	return m.pullIn(ctx, home, args...)
}

// pullIn runs a command in a new client.
func (m *meeting) pullIn(ctx context.Context, home string, args ...string) (process.Cost, error) {
	client, err := m.lab.linked(ctx, m.subject, m.subject.length-m.commits)
	if err != nil {
		return process.Cost{}, err
	}
	defer os.RemoveAll(client)
	for _, command := range [][]string{
		{"update-ref", "refs/heads/main", m.before},
		{"update-ref", "refs/remotes/origin/main", m.before},
		{"update-ref", "refs/remotes/origin/keyring", "refs/heads/keyring"},
		{"config", "gc.auto", "0"},
		{"config", "remote.origin.url", "file://" + m.server},
		{"config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"},
		{"config", "nix-authorize.introduction", m.subject.introduction},
		{"config", "nix-authorize.signer", m.subject.signer},
		{"config", "nix-authorize.authorizations", m.subject.file},
	} {
		if _, err := git(ctx, client, command...); err != nil {
			return process.Cost{}, err
		}
	}
	return process.Run(ctx, process.Command{Args: args, Dir: client, Env: process.Environment(home)})
}
