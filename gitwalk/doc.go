// Package gitwalk reads Git history without trusting it.
//
// Objects are asked for by id and hashed before they are believed (Reader).
// Commits and trees have two parsers each that never disagree about a parent:
// ParseLinks takes from any commit what the graph needs, ParseCommit accepts
// only the canonical form whose bytes say one thing to every reader, and
// ParseTree does the same for trees.
//
// Walk computes closure(tip) − closure(exclude): the commits that are reachable
// from tip and not from any of the excluded ones, parents before children. A
// commit is left out only on proof, a path of parents that leads to it from an
// excluded commit; committer dates decide where to look first and nothing else.
//
// The package knows nothing of signatures or rules and does no I/O of its own.
package gitwalk
