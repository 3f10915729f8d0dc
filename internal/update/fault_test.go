package update_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// childVariable has what a child process is to do, as JSON.
const childVariable = "NIX_AUTHORIZE_TEST_CHILD"

// A childTask is a pull or clone that ends badly.
type childTask struct {
	URL, Dir, Home string
	Settings       trust.Settings
	Clone          bool
	KillAt         update.Step // where the process kills itself
	FileSize       uint64      // the largest file that can be written, 0 for any
}

// child does the task in this process, which may not survive it.
func child() int {
	var task childTask
	if err := json.Unmarshal([]byte(os.Getenv(childVariable)), &task); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	if task.FileSize > 0 {
		signal.Ignore(syscall.SIGXFSZ) // so that writing fails as it does on a full disk
		limit := unix.Rlimit{Cur: task.FileSize, Max: task.FileSize}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 99
		}
	}
	s := &scene{url: task.URL, dir: task.Dir, home: task.Home}
	s.introduction, _ = task.Settings.Parse()
	if err := task.run(s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return outcome.From(err).Class.Exit
	}
	return 0
}

func (task *childTask) run(s *scene) error {
	at := func(step update.Step) {
		if step == task.KillAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	ctx := context.Background()
	if task.Clone {
		o := s.cloneOptions()
		o.AtStep = at
		_, err := update.Clone(ctx, o)
		return err
	}
	repository, err := verification.Open(ctx, s.dir, func(string) string { return "" })
	if err != nil {
		return err
	}
	o := s.options()
	o.AtStep = at
	_, err = update.Pull(ctx, repository, o)
	return err
}

// inChild runs a task in a process of its own and returns how that ended.
func (s *scene) inChild(task childTask) *os.ProcessState {
	s.t.Helper()
	task.URL, task.Dir, task.Home, task.Settings = s.url, s.dir, s.home, trust.Of(s.introduction)
	text, err := json.Marshal(task)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	out, err := cmd.CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		s.t.Fatal(err)
	}
	s.t.Logf("%v %s", cmd.ProcessState, out)
	return cmd.ProcessState
}

var steps = []update.Step{
	update.StepFetch, update.StepJudge, update.StepRemember, update.StepRefs, update.StepBranch, update.StepDiscard, update.StepDone,
}

// TestKilledPull: kill -9 at every step leaves each ref wholly old or wholly new, and
// the next pull succeeds.
func TestKilledPull(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(string(step), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			checkout := s.clone()
			old := checkout.Git("rev-parse", "HEAD")
			tip := s.grow(2)
			if ended := s.inChild(childTask{KillAt: step}); ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the process was not killed: %v", ended)
			}
			for _, ref := range []string{"refs/heads/main", "refs/remotes/origin/main"} {
				if now := checkout.Git("rev-parse", ref); now != old && now != tip {
					t.Errorf("%s is at %s", ref, now)
				}
			}
			if status := checkout.Git("status", "--porcelain"); status != "" {
				t.Errorf("the work tree is %s", status)
			}
			s.ends(outcome.Authentic)(s.pull(nil))
			s.at(checkout, tip)
		})
	}
}

// TestKilledClone: kill -9 at every step leaves no directory of the name, or a whole
// checkout, and the next clone succeeds.
func TestKilledClone(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		if step == update.StepRefs || step == update.StepDiscard { // steps of a pull
			continue
		}
		t.Run(string(step), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.inChild(childTask{Clone: true, KillAt: step})
			if _, err := os.Stat(s.dir); step != update.StepDone {
				if !errors.Is(err, os.ErrNotExist) {
					t.Fatalf("%s is there, %v", s.dir, err)
				}
				s.clone()
			}
			s.at(gittest.At(t, s.dir), s.server.Git("rev-parse", "main"))
		})
	}
}

// TestFullDisk: where nothing more can be written, nothing moves.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	s.server.CommitAs(s.alice, "file", strings.Repeat("much ", 10_000))
	tracking := checkout.Git("rev-parse", "refs/remotes/origin/main")
	for _, size := range []uint64{1, 100, 4 << 10, 16 << 10} {
		if ended := s.inChild(childTask{FileSize: size}); ended.Success() {
			t.Errorf("with %d bytes the pull succeeds", size)
		}
		// The tracking ref may move, as it does when git fetches and cannot merge.
		checkout.Git("update-ref", "refs/remotes/origin/main", tracking)
		s.unmoved(checkout, before)
	}
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, s.server.Git("rev-parse", "main"))
}

// TestReadOnlyObjects: an object store that cannot be written to.
func TestReadOnlyObjects(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	s.grow(1)
	// Root may write anywhere, but not into what is no directory.
	objects := filepath.Join(checkout.Dir, ".git", "objects")
	for _, name := range []string{"pack", "info"} {
		if err := os.Rename(filepath.Join(objects, name), filepath.Join(objects, name+".away")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(objects, name), nil, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 256 {
		path := filepath.Join(objects, fmt.Sprintf("%02x", i))
		if _, err := os.Stat(path); err != nil {
			if err := os.WriteFile(path, nil, 0o444); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.pull(nil); err == nil {
		t.Error("the pull succeeds")
	}
	if now := checkout.Git("rev-parse", "refs/heads/main", "refs/remotes/origin/main"); !strings.Contains(before, strings.Fields(now)[0]) {
		t.Errorf("refs are at %s", now)
	}
}

// TestTwoAtOnce: the second pull says that there is a first, and changes nothing.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	tip := s.grow(1)
	second := false
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) {
		o.AtStep = func(step update.Step) {
			if step == update.StepJudge {
				second = true
				s.ends(outcome.Usage)(s.pull(nil))
			}
		}
	}))
	if !second {
		t.Error("there was no second pull")
	}
	s.at(checkout, tip)
}

// TestRefMovesMeanwhile: somebody else moves a ref between judging and moving.
func TestRefMovesMeanwhile(t *testing.T) {
	t.Parallel()
	for _, step := range []update.Step{update.StepRefs, update.StepBranch} {
		t.Run(string(step), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			checkout := s.clone()
			s.grow(1)
			var theirs string
			s.ends(outcome.Unchecked)(s.pull(func(o *update.Options) {
				o.AtStep = func(at update.Step) {
					if at != step {
						return
					}
					theirs = checkout.CommitAs(s.alice, "theirs", "theirs\n")
					checkout.Git("update-ref", "refs/remotes/origin/main", theirs)
				}
			}))
			if got := checkout.Git("rev-parse", "HEAD"); got != theirs {
				t.Errorf("HEAD is at %s instead of %s", got, theirs)
			}
			if got := checkout.Git("rev-parse", "refs/remotes/origin/main"); got != theirs {
				t.Errorf("the tracking ref is at %s instead of %s", got, theirs)
			}
		})
	}
}

// TestRemoteAnswersDifferently: what a second look at the remote would show cannot
// change what was judged.
func TestRemoteAnswersDifferently(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) {
		o.AtStep = func(step update.Step) {
			if step == update.StepJudge {
				s.attack()
			}
		}
	}))
	s.at(checkout, tip)
}

// A webServer serves repositories with "git http-backend".
type webServer struct {
	*httptest.Server
	requests atomic.Int32 // for packs
	cut      atomic.Int64 // bytes after which an answer ends, 0 for never
}

func newWebServer(t testing.TB, dir string) *webServer {
	t.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	w := &webServer{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if strings.HasSuffix(in.URL.Path, "/git-upload-pack") {
			w.requests.Add(1)
		}
		if cut := w.cut.Load(); cut > 0 && in.Method == http.MethodPost {
			out = &cutWriter{out, cut}
		}
		backend.ServeHTTP(out, in)
	}))
	t.Cleanup(w.Close)
	return w
}

// A cutWriter hangs up after so many bytes.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if w.left -= int64(len(p)); w.left < 0 {
		panic(http.ErrAbortHandler)
	}
	return w.ResponseWriter.Write(p)
}

// TestHangUp: a remote that ends half-way.
func TestHangUp(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	web := newWebServer(t, filepath.Dir(s.server.Dir))
	s.url = web.URL + "/" + filepath.Base(s.server.Dir) + "/.git"
	checkout := s.clone()
	before := picture(t, checkout)
	tip := s.grow(2)
	for _, cut := range []int64{1, 40, 300} {
		web.cut.Store(cut)
		s.ends(outcome.Unchecked)(s.pull(nil))
		s.unmoved(checkout, before)
	}
	web.cut.Store(0)
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
}

// TestTransports: the same over HTTP and git's own protocol.
func TestTransports(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "daemon"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			root, name := filepath.Dir(s.server.Dir), filepath.Base(s.server.Dir)+"/.git"
			if transport == "http" {
				s.url = newWebServer(t, root).URL + "/" + name
			} else {
				s.url = daemon(t, root) + "/" + name
			}
			checkout := s.clone()
			tip := s.grow(1)
			s.ends(outcome.Authentic)(s.pull(nil))
			s.at(checkout, tip)
			before := picture(t, checkout)
			s.attack()
			s.ends(outcome.Refused)(s.pull(nil))
			s.unmoved(checkout, before)
			s.server.Git("reset", "--quiet", "--hard", "HEAD~2")
			s.ends(outcome.Downgrade)(s.pull(nil))
			s.unmoved(checkout, before)
		})
	}
}

// daemon starts "git daemon" on a free port and returns the URL of its root.
func daemon(t testing.TB, root string) string {
	t.Helper()
	listener := httptest.NewServer(nil) // finds a free port
	address := listener.Listener.Addr().String()
	listener.Close()
	host, port, _ := strings.Cut(address, ":")
	cmd := exec.Command("git", "daemon", "--base-path="+root, "--export-all", "--reuseaddr", "--listen="+host, "--port="+port, root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	url := "git://" + address
	for range 200 {
		if exec.Command("git", "ls-remote", url+"/repo/.git").Run() == nil {
			return url
		}
	}
	t.Fatal("git daemon does not answer")
	return ""
}
