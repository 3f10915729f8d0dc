package measure

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A use is how much processor time has been spent until a moment.
type use struct {
	at       time.Time
	all, own time.Duration
}

func startUse() use { return use{time.Now(), allUse(), ownUse()} }

// byOthers is how many cores other programs have taken since then on average, or 0 if
// the system does not say.
func (u use) byOthers() float64 {
	if u.all == 0 {
		return 0
	}
	others := allUse() - u.all - (ownUse() - u.own)
	return max(0, others.Seconds()/time.Since(u.at).Seconds())
}

// allUse is what all programs have spent: proc_stat(5), the first line less the fourth
// and fifth number, which are idleness. It is 0 if it cannot be read.
func allUse() (sum time.Duration) {
	content, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(content), "\n")
	fields := strings.Fields(line)
	if len(fields) < 8 {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 wherever Go runs
	for i, field := range fields[1:8] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err == nil && i != 3 && i != 4 {
			sum += time.Duration(ticks) * tick
		}
	}
	return sum
}

// ownUse is what this process and those that it has waited for have spent.
func ownUse() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var spent syscall.Rusage
		if syscall.Getrusage(who, &spent) == nil {
			sum += time.Duration(spent.Utime.Nano() + spent.Stime.Nano())
		}
	}
	return sum
}
