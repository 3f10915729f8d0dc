package gitrepo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// catFile is a Source that asks one long-lived "git cat-file --batch". It starts
// that with the first object, and again whenever it has ended.
type catFile struct {
	ctx     context.Context
	git     gitcli.Repository
	partial bool // a partial clone
	work    *work
	child   *catChild
	closed  bool
}

func newCatFile(ctx context.Context, git gitcli.Repository, partial bool) *catFile {
	return &catFile{ctx: ctx, git: git, partial: partial, work: new(work)}
}

func (s *catFile) Close() error {
	s.closed = true
	s.stop()
	return nil
}

// stop ends git and waits for it. It has nothing to lose and is not asked.
func (s *catFile) stop() {
	if s.child != nil {
		s.child.stop()
		s.child = nil
	}
}

// Object implements gitwalk.Source.
func (s *catFile) Object(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	if s.closed {
		return 0, nil, errClosed
	}
	if err := s.ctx.Err(); err != nil {
		return 0, nil, err
	}
	kind, content, err := s.find(id, limit)
	s.work.done(int64(len(content)), 0, err)
	return kind, content, err
}

// find asks git, and once more if it has nothing to say against an object that it does
// not find.
func (s *catFile) find(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	kind, content, err := s.ask(id, limit)
	if err != errAbsent {
		return kind, content, err
	}
	if err := s.absent(id); err != nil {
		return 0, nil, err
	}
	s.stop()
	kind, content, err = s.ask(id, limit)
	if err == errAbsent {
		err = &gitwalk.MissingError{ID: id}
	}
	return kind, content, err
}

// ask asks git. If a git that has answered before breaks off now, the object need
// not be to blame: it may have been ended from outside, or thrown off by the
// object before. So a new one is asked.
func (s *catFile) ask(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	for {
		fresh := s.child == nil
		if fresh {
			child, err := startCatFile(s.ctx, s.git)
			if err != nil {
				return 0, nil, err
			}
			s.child = child
		}
		kind, content, err := s.child.ask(id, limit)
		var broken *brokenError
		if !errors.As(err, &broken) && s.child.ready() {
			return kind, content, err
		}
		cmd := s.child.cmd
		s.stop() // waits for all of git's standard error
		switch {
		case broken == nil:
			return kind, content, err
		case s.ctx.Err() != nil:
			return 0, nil, s.ctx.Err()
		case fresh:
			return 0, nil, s.ended(id, cmd.Failure(broken.err))
		}
	}
}

// ended says what it means for an object that git has ended instead of giving it:
// git does so when it finds the content damaged, and some versions when they
// would have to fetch it.
func (s *catFile) ended(id gitwalk.ID, said *gitcli.Error) error {
	if s.partial && len(said.Errors) == 0 && said.Stderr != "" {
		return &gitwalk.MissingError{ID: id}
	}
	return corrupt(id, said)
}

// absent tells an object that is missing from one whose beginning is damaged. Git
// answers "missing" for both, but when asked for one object alone it says on its
// standard error what is wrong. It returns nil if the object is there.
func (s *catFile) absent(id gitwalk.ID) error {
	_, err := s.git.Output(s.ctx, "cat-file", "-t", id.String())
	var failed *gitcli.Error
	switch {
	case errors.As(err, &failed) && len(failed.Errors) > 0:
		return corrupt(id, failed)
	case failed != nil:
		return &gitwalk.MissingError{ID: id}
	}
	return err
}

// A brokenError says that nothing more can be expected from this git.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }

// A catChild is one running "git cat-file --batch".
type catChild struct {
	cmd    *gitcli.Command
	cancel context.CancelFunc
	in     io.WriteCloser
	pipe   io.Closer // below out
	out    *bufio.Reader
	hurry  bool // in is closed, or is about to be
}

// silence is how long git may take for an object before it is told that there
// will be no other.
const silence = 2 * time.Second

func startCatFile(ctx context.Context, git gitcli.Repository) (*catChild, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := git.Command(ctx, "cat-file", "--batch")
	if err != nil {
		cancel()
		return nil, err
	}
	c := &catChild{cmd: cmd, cancel: cancel}
	if err := c.start(); err != nil {
		cancel()
		return nil, err
	}
	return c, nil
}

func (c *catChild) start() error {
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	// Reading ends with the context even if git leaves a process behind that
	// keeps the pipe open.
	kill := c.cmd.Cancel
	c.cmd.Cancel = func() error {
		out.Close()
		return kill()
	}
	c.in, c.pipe, c.out = in, out, bufio.NewReaderSize(out, 64<<10)
	return c.cmd.Start()
}

// stop ends git and waits for it. It has nothing to lose and is not asked.
func (c *catChild) stop() {
	c.cancel()
	c.in.Close()
	_ = c.cmd.Wait() // it was killed
	c.pipe.Close()
}

// ask sends the id of an object and reads "ID KIND SIZE\nCONTENT\n" or
// "ID missing\n". It returns errAbsent, a *gitwalk.TooLargeError, or a
// *brokenError.
func (c *catChild) ask(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	// Of a damaged object git can write less than it has declared, and wait for
	// the next name as if nothing were amiss. Without a next name it ends.
	timer := time.AfterFunc(silence, func() { c.in.Close() })
	defer func() { c.hurry = !timer.Stop() }()
	name := id.String()
	if _, err := io.WriteString(c.in, name+"\n"); err != nil {
		return 0, nil, &brokenError{err}
	}
	line, err := c.out.ReadSlice('\n')
	if err != nil {
		return 0, nil, &brokenError{noEOF(err)}
	}
	if string(line) == name+" missing\n" {
		return 0, nil, errAbsent
	}
	kind, size, err := parseHeader(string(line), name)
	if err != nil {
		return 0, nil, &brokenError{err}
	}
	if size > limit {
		return 0, nil, c.skip(id, size, limit)
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(c.out, content); err != nil {
		return 0, nil, &brokenError{noEOF(err)}
	}
	if content[size] != '\n' {
		return 0, nil, &brokenError{errors.New("no newline follows upon an object")}
	}
	return kind, content[:size:size], nil
}

// ready says whether git can be asked for another object. It cannot if it has
// written more than it has declared.
func (c *catChild) ready() bool { return !c.hurry && c.out.Buffered() == 0 }

// parseHeader reads "ID KIND SIZE\n".
func parseHeader(line, name string) (gitwalk.Kind, int64, error) {
	fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	if len(fields) == 3 && fields[0] == name {
		kind, known := gitwalk.ParseKind(fields[1])
		size, err := strconv.ParseInt(fields[2], 10, 62)
		if known && err == nil && size >= 0 {
			return kind, size, nil
		}
	}
	return 0, 0, fmt.Errorf("git cat-file wrote %q", line[:min(len(line), 100)])
}

// skip passes over the content of an object that nobody wants.
func (c *catChild) skip(id gitwalk.ID, size, limit int64) error {
	if _, err := io.CopyN(io.Discard, c.out, size+1); err != nil {
		return &brokenError{noEOF(err)}
	}
	return &gitwalk.TooLargeError{ID: id, Limit: limit}
}
