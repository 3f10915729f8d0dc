package effort

import "testing"

func TestParseCores(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "1": 1, "8": 8, "1024": 1024} {
		if n, err := ParseCores(text); err != nil || n != want {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "-1", "1025", "99999999999999999999", "two", "1.5", " 1", "0x2", "50%"} {
		if n, err := ParseCores(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}
