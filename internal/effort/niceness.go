package effort

// By how much Lower raises the niceness, as the command nice does if nobody says
// otherwise, and how far that goes (POSIX).
const (
	step   = 10
	nicest = 19
)
