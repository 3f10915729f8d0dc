package gitcli

import "context"

// Answer runs a git command that answers yes by the exit code 0 and no by 1, and
// returns what it wrote in either case. The errors are those of Output.
func (r Repository) Answer(ctx context.Context, args ...string) (output []byte, yes bool, err error) {
	c, err := r.Command(ctx, args...)
	if err != nil {
		return nil, false, err
	}
	stdout := bounded{limit: MaxOutput}
	c.Stdout = &stdout
	err = c.Run()
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	if err != nil {
		failed := c.Failure(err)
		if failed.ExitCode != 1 {
			return nil, false, failed
		}
	}
	return stdout.data, err == nil, nil
}
