package gitcli

import (
	"context"
	"errors"
	"testing"
)

func TestAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		yes          bool
		code         int // of the error, 0 for none
	}{
		{"yes", "echo text", true, 0},
		{"no", "echo text; exit 1", false, 0},
		{"failure", "echo text; exit 2", false, 2},
		{"fatal", "echo text; echo fatal: some reason >&2; exit 128", false, 128},
		{"killed", "kill -9 $$", false, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			standIn(t, tt.script)
			out, yes, err := Repository{}.Answer(t.Context(), "some-command")
			if yes != tt.yes {
				t.Errorf("answer is %v", yes)
			}
			var failed *Error
			switch {
			case tt.code == 0 && (err != nil || string(out) != "text\n"):
				t.Errorf("Answer gives %q, %v", out, err)
			case tt.code != 0 && (!errors.As(err, &failed) || failed.ExitCode != tt.code || out != nil):
				t.Errorf("Answer gives %q, %v", out, err)
			}
		})
	}
}

func TestAnswerEndsWithTheContext(t *testing.T) {
	standIn(t, "exit 1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, yes, err := (Repository{}).Answer(ctx, "some-command"); yes || !errors.Is(err, context.Canceled) {
		t.Errorf("Answer gives %v, %v", yes, err)
	}
}

func TestAnswerWithoutGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, yes, err := (Repository{}).Answer(t.Context(), "some-command"); yes || !errors.Is(err, ErrNotInstalled) {
		t.Errorf("Answer gives %v, %v", yes, err)
	}
}
