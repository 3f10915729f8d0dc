package process

import (
	"os"
	"strings"
)

// raceVariable has options of the race detector (go.dev/doc/articles/race_detector).
const raceVariable = "GORACE"

// EndAtOnce lets programs that are started from here end when they are done. With
// the race detector each would sleep for a second first, in case that a goroutine
// that nobody waits for still does something.
func EndAtOnce() {
	if options := os.Getenv(raceVariable); !strings.Contains(options, "atexit_sleep_ms") {
		os.Setenv(raceVariable, strings.TrimSpace(options+" atexit_sleep_ms=0"))
	}
}

// Environ is what EndAtOnce has set, as NAME=VALUE, for those who make an
// environment from nothing.
func Environ() string { return raceVariable + "=" + os.Getenv(raceVariable) }
