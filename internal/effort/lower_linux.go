package effort

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	threads = "/proc/self/task" // proc(5)
	// maxPasses is how often they are looked through at most.
	maxPasses = 16
)

// Lower makes this process, and the programs that it starts from now on, give way
// to others, as nice(1) makes programs do. A process that may not, or cannot, goes on as it was.
//
// Linux has a niceness for each thread (setpriority(2)), and a new thread has that of
// the one which made it. The threads are looked through until all have it.
func Lower() {
	own, err := niceness(os.Getpid())
	if err != nil {
		return
	}
	target := min(own+step, nicest)
	for range maxPasses {
		if changed, err := lowerThreads(target); err != nil || changed == 0 {
			return
		}
	}
}

// lowerThreads gives the threads that there are a niceness, and says how many had
// another.
func lowerThreads(target int) (changed int, err error) {
	entries, err := os.ReadDir(threads)
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		thread, err := strconv.Atoi(entry.Name())
		if err != nil {
			return changed, err
		}
		now, err := niceness(thread)
		if err != nil || now >= target {
			continue // it has ended, or is done
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, thread, target); err != nil && err != unix.ESRCH {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// niceness is that of a thread, from -20 to 19. The system call gives it upside down
// so that it is never negative.
func niceness(thread int) (int, error) {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, thread)
	return 20 - raw, err
}
