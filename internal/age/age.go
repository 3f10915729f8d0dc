// Package age reads and writes how old something may be: "14d", "36h", "1d12h".
// Flags, git configuration and named introductions spell it alike.
package age

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Max is the greatest age that can be given, a hundred years.
const Max = 36500 * day

// Parse reads whole days, a duration as Go writes them, or the first and then the
// other. The result is greater than zero and at most Max.
func Parse(s string) (time.Duration, error) {
	d, ok := parse(s)
	switch {
	case !ok:
		return 0, fmt.Errorf("age %.40q is not a number with a unit, such as 14d, 36h or 90m", s)
	case d <= 0:
		return 0, fmt.Errorf("age %.40q is nothing; give one such as 14d", s)
	case d > Max:
		return 0, fmt.Errorf("age %.40q is more than %s", s, Format(Max))
	}
	return d, nil
}

func parse(s string) (time.Duration, bool) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		return parseClock(s)
	}
	n, err := strconv.ParseUint(days, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		n = uint64(Max/day) + 1
	case err != nil:
		return 0, false
	}
	total := time.Duration(min(n, uint64(Max/day)+1)) * day
	if rest == "" {
		return total, true
	}
	clock, ok := parseClock(rest)
	return total + min(clock, Max), ok
}

// parseClock reads a duration of Go's without a sign, where "0" needs a unit too.
func parseClock(s string) (time.Duration, bool) {
	if s == "" || strings.ContainsAny(s, "+-") || strings.Trim(s, "0123456789") == "" {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// Format writes an age so that Parse reads it again.
func Format(d time.Duration) string {
	if d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
