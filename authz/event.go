package authz

// An Event is what Verify reports while it runs: Walking, then Judging and
// Verdict for each commit. Events come from one goroutine, and verdicts in the
// order of the history, whatever the number of cores.
type Event interface{ event() }

// Walking says how many commits have been found so far.
type Walking struct{ Found int }

// Judging says that Done commits out of Total have been judged.
type Judging struct{ Done, Total int }

func (Walking) event()  {}
func (Judging) event()  {}
func (*Verdict) event() {}
