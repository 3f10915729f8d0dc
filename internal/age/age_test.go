package age

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text   string
		want   time.Duration
		format string // if it is another text
	}{
		{"14d", 14 * day, ""},
		{"1d", day, ""},
		{"007d", 7 * day, "7d"},
		{"36h", 36 * time.Hour, ""},
		{"24h", day, "1d"},
		{"336h", 14 * day, "14d"},
		{"1d12h", 36 * time.Hour, "36h"},
		{"0d90m", 90 * time.Minute, "1h30m"},
		{"90m", 90 * time.Minute, "1h30m"},
		{"10m", 10 * time.Minute, ""},
		{"1h", time.Hour, ""},
		{"20h0m10s", 20*time.Hour + 10*time.Second, ""},
		{"1.5h", 90 * time.Minute, "1h30m"},
		{"2d0s", 2 * day, "2d"},
		{"1ns", 1, ""},
		{"36500d", Max, ""},
	} {
		got, err := Parse(c.text)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q) = %v, %v instead of %v", c.text, got, err, c.want)
		}
		if c.format == "" {
			c.format = c.text
		}
		if text := Format(got); text != c.format {
			t.Errorf("Format(%v) = %q instead of %q", got, text, c.format)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is not a number with a unit, such as 14d"},
		{"14", "is not a number with a unit"},
		{"0", "is not a number with a unit"},
		{"d", "is not a number with a unit"},
		{"14 d", "is not a number with a unit"},
		{" 14d", "is not a number with a unit"},
		{"14D", "is not a number with a unit"},
		{"14days", "is not a number with a unit"},
		{"2w", "is not a number with a unit"},
		{"1.5d", "is not a number with a unit"},
		{"+14d", "is not a number with a unit"},
		{"-14d", "is not a number with a unit"},
		{"0x10d", "is not a number with a unit"},
		{"1_000d", "is not a number with a unit"},
		{"1d2d", "is not a number with a unit"},
		{"12h1d", "is not a number with a unit"},
		{"1d0", "is not a number with a unit"},
		{"1d12", "is not a number with a unit"},
		{"1d-2h", "is not a number with a unit"},
		{"+36h", "is not a number with a unit"},
		{"-36h", "is not a number with a unit"},
		{"9999999999999999h", "is not a number with a unit"}, // more than Go can hold
		{"0d", "is nothing"},
		{"0s", "is nothing"},
		{"0d0h", "is nothing"},
		{"36500d1ns", "is more than 36500d"},
		{"36501d", "is more than 36500d"},
		{"99999999999999999999999999999999d", "is more than 36500d"},
		{"18446744073709551615d", "is more than 36500d"},
		{"36500d2562047h", "is more than 36500d"},
		{"\x1b[31m14d", `age "\x1b[31m14d" is not`},
		{strings.Repeat("9", 1000), "is not a number with a unit"},
	} {
		got, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q) = %v, %v instead of %q", c.text, got, err, c.want)
		} else if len(err.Error()) > 150 {
			t.Errorf("Parse(%.10q…): a message of %d bytes", c.text, len(err.Error()))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"14d", "36h", "1d12h30m0.5s", "1µs", "0d", "-1h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if d <= 0 || d > Max {
			t.Errorf("Parse(%q) = %v", text, d)
		}
		if again, err := Parse(Format(d)); again != d || err != nil {
			t.Errorf("%q is %v, written %q, and read as %v, %v", text, d, Format(d), again, err)
		}
	})
}
