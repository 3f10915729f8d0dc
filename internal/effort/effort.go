// Package effort is how much of the machine this process takes: on how many cores it
// runs, and whether it gives way to others. No verdict depends on it.
package effort

import (
	"fmt"
	"runtime"
	"strconv"
)

// MostCores is the greatest number of cores that can be given. It is more than machines
// have, and there for slips of the pen: each worker of the engine has a source of
// objects of its own.
const MostCores = 1024

// ParseCores reads a number of cores, of which 0 stands for all that there are to use.
func ParseCores(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > MostCores {
		return 0, fmt.Errorf("%.40q is not a number of cores from 1 to %d, or 0 for all", text, MostCores)
	}
	return n, nil
}

// UseCores makes this process run on so many cores at once, which is how many workers
// the engine has, too. With 0 it stays as it begins: on all that it may use, which a
// container or GOMAXPROCS can make less than there are.
func UseCores(n int) {
	if n > 0 {
		runtime.GOMAXPROCS(n)
	}
}
