//go:build !unix

package effort

// Lower does nothing where there is no niceness.
func Lower() {}
