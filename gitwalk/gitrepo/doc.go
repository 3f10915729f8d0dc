// Package gitrepo is a repository on disk: where it is, how it is stored, its
// objects, refs, revisions and configuration.
//
// Whatever lies in the repository is hostile input. Files are opened without
// waiting and read up to a limit, names of refs cannot lead out of the
// repository, nothing that the configuration names is run, and nothing is
// fetched. Objects that a Source gives are still to be hashed by a
// gitwalk.Reader.
//
// Most repositories are read in-process: packs by code of this package, with one index
// of each pack that all Sources share. A layout that is not known here (Layout says
// which) is read through one long-lived "git cat-file --batch" for each Source.
package gitrepo
