package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A server is a bare repository with hooks, and somebody who pushes to it.
type server struct {
	*gittest.Repo
	t      *testing.T
	pusher *history // without hooks
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, pusher: newHistory(t, nixName, gittest.SSH(t, "ed25519", "alice"))}
	dir := filepath.Join(t.TempDir(), "server.git")
	s.pusher.Git("clone", "--quiet", "--bare", ".", dir)
	s.Repo = homed(t, dir)
	// Pushes over a file path run the hooks in the home of whoever pushes.
	s.pusher.Env = append(s.pusher.Env, s.Env...)
	s.pusher.Git("remote", "add", "server", dir)
	trustIn(s.pusher, s.Repo)
	if res := install(t, s.Repo); !strings.Contains(res.stdout, "pre-receive") {
		t.Errorf("%+v", res)
	}
	return s
}

// objects is everything that the repository has, loose or packed.
func (s *server) objects() string {
	return s.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
}

// rejects makes the pusher push what must be refused as a whole, and returns what is
// said about it.
func (s *server) rejects(reason string, refspecs ...string) string {
	s.t.Helper()
	refs, objects := s.Git("for-each-ref"), s.objects()
	_, err := s.pusher.TryGit(nil, append([]string{"push", "server"}, refspecs...)...)
	if err == nil {
		s.t.Fatalf("the push of %q is accepted", refspecs)
	}
	if !strings.Contains(err.Error(), "remote: ") || !strings.Contains(err.Error(), reason+": ") || !strings.Contains(err.Error(), "pre-receive hook declined") {
		s.t.Errorf("the push of %.200q: %v", refspecs, err)
	}
	if now := s.Git("for-each-ref"); now != refs {
		s.t.Errorf("refs have moved: %s", now)
	}
	if now := s.objects(); now != objects {
		s.t.Error("objects of the push are kept")
	}
	return err.Error()
}

// TestHookReceive has pushes to a server, of few and of many objects: git keeps the
// former as they are and unpacks the latter, or the other way round.
func TestHookReceive(t *testing.T) {
	for _, limit := range []string{"1", "100"} {
		t.Run("unpackLimit="+limit, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.Git("config", "receive.unpackLimit", limit)
			s.pusher.CommitAs(s.pusher.signer, "file", "1\n")
			s.pusher.Git("push", "--quiet", "server", "main")
			good := s.pusher.Git("rev-parse", "HEAD")
			bad := s.pusher.Commit("file", "2\n")
			s.rejects("unsigned", "main")
			s.rejects("unsigned", "main", bad+":refs/heads/topic", bad+":refs/tags/v1")
			s.rejects("unsigned", "--atomic", "main")
			s.rejects("unsigned", "--force", "main")
			s.pusher.Git("push", "--quiet", "server", bad+":refs/heads/topic", bad+":refs/tags/v1")
			s.rejects("unsigned", "main") // although its objects are there now
			s.pusher.Git("push", "--quiet", "server", ":topic", ":refs/tags/v1")
			if got := s.Git("rev-parse", "main"); got != good {
				t.Errorf("main is at %s instead of %s", got, good)
			}
			s.pusher.Git("push", "--quiet", "server", "+"+good+"~1:refs/heads/main")
			s.Git("config", "receive.denyDeleteCurrent", "ignore")
			s.pusher.Git("push", "--quiet", "server", ":main")
		})
	}
}

// TestHookReceiveMany has a push of many refs, protected ones among them.
func TestHookReceiveMany(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	install(t, s.Repo, "--protect", "release-*")
	s.pusher.CommitAs(s.pusher.signer, "file", "1\n")
	bad := s.pusher.Git("commit-tree", "-m", "Unsigned", "-p", "HEAD", "HEAD^{tree}")
	var good, all []string
	for i := range 50 {
		good = append(good, fmt.Sprintf("HEAD:refs/heads/release-%d", i), fmt.Sprintf("%s:refs/heads/topic-%d", bad, i))
	}
	all = append(append(all, good...), bad+":refs/heads/release-bad")
	s.rejects("unsigned", all...)
	s.pusher.Git(append([]string{"push", "--quiet", "server"}, good...)...)
	if n := len(strings.Split(s.Git("for-each-ref", "refs/heads/release-*", "refs/heads/topic-*"), "\n")); n != 100 {
		t.Errorf("%d refs have arrived", n)
	}
}

// TestHookReceiveUndone has a push that git takes for a step forward, and that has made
// mere content of what the branch is.
func TestHookReceiveUndone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Git("config", "receive.denyNonFastForwards", "true")
	p := s.pusher
	p.CommitAs(p.signer, nixName, strings.Replace(listing(nixName, p.signer), "keys:", "merges: signed\nkeys:", 1))
	p.CommitAs(p.signer, "file", "1\n")
	p.Git("push", "--quiet", "server", "main")
	p.Git("checkout", "--quiet", "-b", "old", "HEAD^")
	p.CommitAs(p.signer, "other", "1\n")
	p.MergeAs(p.signer, "main")
	if text := s.rejects("downgrade", "old:main"); !strings.Contains(text, "content and not history") || !strings.Contains(text, "merge the other way round") {
		t.Errorf("it does not say why: %s", text)
	}
	p.Git("checkout", "--quiet", "main")
	p.MergeAs(p.signer, "old^")
	p.Git("push", "--quiet", "server", "main")
}

// TestHookReceiveKeyring has a push of a key together with what it has signed.
func TestHookReceiveKeyring(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	bob := gittest.PGP(t, "ed25519", "bob")
	s.pusher.authorize(s.pusher.signer, s.pusher.signer, bob)
	s.pusher.CommitAs(bob, "file", "bob's\n")
	s.rejects("unknown-key", "main")
	s.pusher.Keyring(s.pusher.signer, bob)
	s.pusher.Git("push", "--quiet", "server", "main", "+keyring")
}

// TestHookReceiveAtWork has a push into a repository that somebody works in, which has
// no hook for that but the one that sees every change.
func TestHookReceiveAtWork(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	h.Git("checkout", "--quiet", "-b", "topic")
	h.upstream.Env = append(h.upstream.Env, h.Env...)
	bad := h.upstream.Commit("file", "2\n")
	before := h.snapshot()
	_, err := h.upstream.TryGit(nil, "push", h.Dir, "main", bad+":refs/heads/other")
	if err == nil || !strings.Contains(err.Error(), "unsigned: ") {
		t.Errorf("the push of main: %v", err)
	}
	h.Git("update-ref", "-d", "refs/heads/other") // which is not protected
	if changed := before.changed(h.snapshot()); changed != "" {
		t.Errorf("changed: %s", changed)
	}
}

// TestHookPush has what leaves a checkout.
func TestHookPush(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	bad := h.Git("commit-tree", "-m", "Unsigned", "-p", "HEAD", "HEAD^{tree}")
	refs := h.remote.Git("for-each-ref")
	for _, args := range [][]string{
		{"push", "origin", bad + ":main"},
		{"push", "origin", bad + ":refs/heads/main", "HEAD:refs/heads/topic"},
		{"push", "--force", h.remote.Dir, "+" + bad + ":main"},
	} {
		text := vetoed(t, h.Repo, "refs/heads/main", "unsigned", args...)
		if !strings.Contains(text, "nothing has been pushed") {
			t.Errorf("no hint:\n%s", text)
		}
		if now := h.remote.Git("for-each-ref"); now != refs {
			t.Errorf("git %s has pushed: %s", strings.Join(args, " "), now)
		}
	}
	h.Git("push", "--quiet", "origin", bad+":refs/heads/topic", bad+":refs/tags/v1")
	h.Git("push", "--quiet", "--no-verify", h.remote.Dir, bad+":main") // the user's own will
}

// TestHookDaemon has a server and a checkout that speak over the network.
func TestHookDaemon(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Git("config", "receive.unpackLimit", "1")
	url := s.serve()
	s.pusher.Git("remote", "set-url", "server", url)
	good := s.pusher.CommitAs(s.pusher.signer, "file", "1\n")
	s.pusher.Git("push", "--quiet", "server", "main")
	dir := filepath.Join(t.TempDir(), "checkout")
	s.pusher.Git("clone", "--quiet", url, dir)
	c := homed(t, dir)
	trustIn(s.pusher, c)
	install(t, c)
	s.pusher.Commit("file", "2\n")
	s.rejects("unsigned", "main")
	// Somebody who has broken into the server.
	s.Git("-c", "core.hooksPath="+os.DevNull, "update-ref", "refs/heads/main", s.Git("commit-tree", "-m", "Evil", "-p", good, good+"^{tree}"))
	before := snapshotOf(t, c)
	vetoed(t, c, "refs/remotes/origin/main", "unsigned", "pull")
	if changed := before.changed(snapshotOf(t, c)); changed != "" {
		t.Errorf("changed: %s", changed)
	}
}

// serve lets a git daemon answer on the network and take pushes, and returns the URL of
// the repository. There is one daemon for each connection, which it gets from here: so
// the port is free, and somebody listens at once.
func (s *server) serve() string {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it is closed
			}
			connections.Go(func() { s.answer(connection.(*net.TCPConn)) })
		}
	})
	s.t.Cleanup(func() {
		listener.Close()
		connections.Wait()
	})
	return "git://" + listener.Addr().String() + "/" + filepath.Base(s.Dir)
}

// answer serves one connection.
func (s *server) answer(connection *net.TCPConn) {
	defer connection.Close()
	socket, err := connection.File()
	if err != nil {
		s.t.Error(err)
		return
	}
	defer socket.Close()
	root := filepath.Dir(s.Dir)
	cmd := exec.Command("git", "daemon", "--inetd", "--base-path="+root, "--export-all", "--enable=receive-pack", root)
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdin, cmd.Stdout = socket, socket
	_ = cmd.Run() // it fails where a push is refused
}
