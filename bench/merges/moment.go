package main

import (
	"fmt"
	"syscall"
	"time"
)

// A moment is when something began.
type moment struct {
	time time.Time
	cpu  time.Duration // of this process and of those that it has waited for
}

func begin() moment { return moment{time.Now(), cpu()} }

func cpu() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if syscall.Getrusage(who, &usage) == nil {
			sum += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		}
	}
	return sum
}

// A speed is how fast merges were made.
type speed struct {
	rate float64 // merges a second
	cpu  float64 // milliseconds of CPU time for each
}

func (s speed) than(other speed) string {
	return fmt.Sprintf("%.1f times as fast, with 1/%.1f of the CPU time", s.rate/other.rate, other.cpu/s.cpu)
}

// report prints how long merges took.
func (m moment) report(how string, merges, mechanical int) speed {
	s := speed{
		rate: float64(merges) / time.Since(m.time).Seconds(),
		cpu:  float64(cpu()-m.cpu) / float64(merges) / float64(time.Millisecond),
	}
	fmt.Printf("%-38s %6d merges, %6d mechanical, %7.0f a second, %6.2f ms of CPU each\n", how, merges, mechanical, s.rate, s.cpu)
	return s
}
