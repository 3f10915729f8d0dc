package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Colours are for terminals, and for nobody who does not want them.
func TestColour(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	const coloured = "\x1b[32;1mauthentic:\x1b[0m"
	for _, test := range []struct {
		name     string
		terminal bool
		env      map[string]string
		args     []string
		want     bool
	}{
		{"terminal", true, nil, nil, true},
		{"no terminal", false, nil, nil, false},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, nil, false},
		{"empty NO_COLOR", true, map[string]string{"NO_COLOR": ""}, nil, true},
		{"dumb terminal", true, map[string]string{"TERM": "dumb"}, nil, false},
		{"never", true, nil, []string{"--color", "never"}, false},
		{"always, no terminal", false, nil, []string{"--color=always"}, true},
		{"always, NO_COLOR", false, map[string]string{"NO_COLOR": "1"}, []string{"--color=always"}, true},
		{"JSON on a terminal", true, nil, []string{"--color=always", "--format=json"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := append(append([]string{"verify", "-C", h.Dir, "--no-cache"}, h.flags()...), test.args...)
			getenv := func(name string) string { return test.env[name] }
			var out bytes.Buffer
			exit, text := 0, ""
			if test.terminal {
				term := newTerminal(t)
				exit = run(context.Background(), args, getenv, term.side, &out)
				text = term.end()
			} else {
				exit = run(context.Background(), args, getenv, &out, &out)
				text = out.String()
			}
			if exit != 0 || strings.Contains(text, coloured) != test.want || strings.Contains(text, "\x1b") != test.want {
				t.Errorf("exit code %d: %q", exit, text)
			}
		})
	}
}
