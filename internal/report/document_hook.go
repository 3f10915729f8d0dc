package report

import "github.com/nix-authorize/nix-authorize/internal/hook"

// hooksDoc is what is known of the hooks of a repository.
type hooksDoc struct {
	Dir   string    `json:"dir"`
	Hooks []hookDoc `json:"hooks"`
	// Protected are the patterns of branches that are judged, and Own the
	// branches with an introduction of their own, which are judged too.
	Protected []string `json:"protected,omitempty"`
	Own       []string `json:"own_introduction,omitempty"`
}

type hookDoc struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	State string `json:"state"` // after "uninstall": what was done
	// Program is what the hook runs, Before the hook that it runs then, and
	// Broken why it does not work.
	Program string `json:"program,omitempty"`
	Before  string `json:"before,omitempty"`
	Broken  string `json:"broken,omitempty"`
}

func (d *document) hooks(e Hooks) {
	d.done()
	d.Hooks = &hooksDoc{Dir: e.Place.Dir, Hooks: []hookDoc{}}
	for _, h := range e.Hooks {
		d.Hooks.Hooks = append(d.Hooks.Hooks, hookDocument(h, string(h.State)))
	}
	for _, taken := range e.Taken {
		d.Hooks.Hooks = append(d.Hooks.Hooks, hookDocument(taken.Hook, string(taken.Removal)))
	}
	if e.Protection == nil {
		return
	}
	d.Hooks.Own = e.Protection.Own
	if e.Protection.General {
		d.Hooks.Protected = e.Protection.Patterns
	}
}

func hookDocument(h hook.Hook, state string) hookDoc {
	return hookDoc{string(h.Name), h.Path, state, h.Program, h.Before, h.Broken}
}
