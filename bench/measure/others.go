package measure

import (
	"context"
	"os/exec"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// others measures what else is there on the history of Guix: its own program, if it is
// installed. The corpus may be nil.
func (l *Lab) others(ctx context.Context, corpus *subject) []Other {
	guix := Other{Name: "guix git authenticate", Note: "not installed here"}
	if program, err := exec.LookPath("guix"); err == nil && corpus != nil {
		guix = l.guix(ctx, program, *corpus)
	}
	gittuf := Other{Name: "gittuf verify-ref", Note: "not installed here"}
	if _, err := exec.LookPath("gittuf"); err == nil {
		gittuf.Present, gittuf.Note = true, "cannot judge these histories: they have no log of reference states"
	}
	return []Other{guix, gittuf}
}

// guix has Guix judge a history with an empty cache of its own.
func (l *Lab) guix(ctx context.Context, program string, s subject) Other {
	o := Other{Name: "guix git authenticate", Present: true, Note: "history of " + s.name}
	home, err := l.home()
	if err != nil {
		o.Note = err.Error()
		return o
	}
	cost, err := process.Run(ctx, process.Command{
		Args: []string{program, "git", "authenticate", "--repository=" + s.dir, "--keyring=keyring", "--end=" + s.tip, s.introduction, s.signer},
		Env:  process.Environment(home),
	})
	if err != nil {
		o.Note = "failed on the history of " + s.name
		l.Log("%v", err)
		return o
	}
	o.Rate = float64(s.length) / cost.Wall.Seconds()
	return o
}
