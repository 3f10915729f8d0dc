//go:build unix && !linux

package effort

import "golang.org/x/sys/unix"

// Lower makes this process, and the programs that it starts from now on, give way
// to others, as nice(1) makes programs do. A process that may not, or cannot, goes on as it was.
func Lower() {
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, min(now+step, nicest)) // it is only polite
}
