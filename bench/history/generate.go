package history

import (
	"context"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/bench/packfile"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// Generate writes a history into a bare repository, or what is missing of it. After
// each segment it calls progress, if that is not nil.
func Generate(ctx context.Context, dir string, params Params, progress func(*Record)) (*Record, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	record, err := Load(dir, params)
	if err != nil || record.Finished() {
		return record, err
	}
	g := &generator{dir: dir, record: record, perSegment: params.segment()}
	return record, g.run(ctx, progress)
}

// A generator writes one history.
type generator struct {
	dir        string
	record     *Record
	crowd      *crowd
	perSegment int // units
}

func (g *generator) run(ctx context.Context, progress func(*Record)) error {
	if err := g.prepare(ctx); err != nil {
		return err
	}
	for !g.record.Finished() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.segment(ctx); err != nil {
			return err
		}
		if progress != nil {
			progress(g.record)
		}
	}
	return nil
}

func (g *generator) prepare(ctx context.Context) (err error) {
	if g.crowd, err = theCrowd(); err != nil {
		return err
	}
	if err := g.create(ctx); err != nil {
		return err
	}
	return packfile.Clean(g.packs())
}

func (g *generator) create(ctx context.Context) (err error) {
	if g.dir, err = filepath.Abs(g.dir); err != nil {
		return err
	}
	_, err = gitcli.Repository{}.Output(ctx, "init", "-q", "--bare", "--initial-branch=main", "--", g.dir)
	return err
}

func (g *generator) packs() string { return filepath.Join(g.dir, "objects", "pack") }

// segment makes the next pack, then moves the branches, then notes that it is done. If
// it is ended in between, the next run makes the same pack again.
func (g *generator) segment(ctx context.Context) error {
	params, first := g.record.Params, g.record.Units
	last := g.record.end(first, g.perSegment)
	plan := &plan{params: params, crowd: g.crowd, store: newStore(1 + first)}
	if err := g.resume(ctx, plan, first); err != nil {
		return err
	}
	pack, err := packfile.Create(g.packs())
	if err != nil {
		return err
	}
	refs := map[string]gitwalk.ID{}
	g.fill(pack, plan, first, last, refs)
	name, err := pack.Finish()
	if err != nil {
		return err
	}
	for name, id := range refs {
		if err := g.git(ctx, "update-ref", "refs/heads/"+name, id.String()); err != nil {
			return err
		}
	}
	g.record.Units, g.record.Tip = last, refs["main"].String()
	g.record.Packs = append(g.record.Packs, Pack{name, g.record.Commits()})
	return g.record.save(g.dir)
}

func (g *generator) git(ctx context.Context, args ...string) error {
	_, err := gitcli.Repository{GitDir: g.dir}.Output(ctx, args...)
	return err
}

// fill makes all commits of a segment, and says where branches are then.
func (g *generator) fill(pack *packfile.Writer, plan *plan, first, last int, refs map[string]gitwalk.ID) {
	line := newLine(pack)
	plan.emit = line.add
	if first == 0 {
		line.add(g.crowd.keyring(g.record.Params))
		refs["keyring"] = line.last
		plan.introduction()
		g.record.Introduction, g.record.Signer = line.last.String(), plan.at.commit.key.Fingerprint
		g.record.mark(g.record.Params.units(), line.last)
	}
	for unit := first; unit < last; unit++ {
		plan.unit(unit)
		g.record.mark(g.record.Params.units()-unit-1, line.last)
	}
	refs["main"] = line.last
	line.finish()
}
