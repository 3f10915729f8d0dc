package floor

import (
	"testing"
	"time"
)

// Output of "openssl speed -mr", version 3.0.
const speed = `Doing 2048 bits private rsa's for 1s: 3272 2048 bits private RSA's in 1.00s
+DTP:2048:private:rsa:1
+R1:3272:2048:1.00
+F2:2:2048:3272.222222:50000.000000
+F2:4:4096:250.000000:10000.000000
+F3:2:2048:4203.846154:4000.000000
+F4:3:256:46087.037037:20000.000000
+F6:0:253:Ed25519:28919.607843:8000.000000
`

func TestRates(t *testing.T) {
	found := rates(speed)
	for name, want := range map[string]float64{"rsa2048": 50000, "rsa4096": 10000, "dsa2048": 4000, "ecdsap256": 20000, "ed25519": 8000} {
		if found[name] != want {
			t.Errorf("%s: %v verified a second, want %v", name, found[name], want)
		}
	}
	if len(found) != 5 {
		t.Errorf("found %v", found)
	}
}

func TestNamesOfOpenSSL(t *testing.T) {
	for kind, want := range map[string]struct {
		test   string
		factor float64
	}{
		"RSA-4096":        {"rsa4096", 1},
		"RSA-8192":        {"rsa7680", 8192.0 * 8192 / (7680 * 7680)},
		"DSA-3072":        {"dsa2048", 2.25},
		"SSH Ed25519":     {"ed25519", 1},
		"SSH ECDSA P-256": {"ecdsap256", 1},
		"brainpool":       {"", 0},
	} {
		if name, factor := test(algorithm(kind)); name != want.test || factor != want.factor {
			t.Errorf("%s is measured with %s × %v, want %s × %v", kind, name, factor, want.test, want.factor)
		}
	}
}

func TestSum(t *testing.T) {
	o := Operations{"Ed25519": 40 * time.Microsecond, "RSA-4096": 60 * time.Microsecond}
	if sum, err := o.Sum(map[string]int{"Ed25519": 2, "RSA-4096": 3}); sum != 260*time.Microsecond || err != nil {
		t.Errorf("sum is %v, %v, want 260 µs", sum, err)
	}
	if _, err := o.Sum(map[string]int{"DSA-2048": 1}); err == nil {
		t.Error("a kind that was not measured costs nothing")
	}
}

func TestWithoutOpenSSL(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Measure(t.Context(), []string{"DSA-2048"}); err == nil {
		t.Error("DSA was measured without openssl")
	}
	costs, err := Measure(t.Context(), []string{"Ed25519"})
	if err != nil || costs["Ed25519"] <= 0 {
		t.Errorf("Measure: %v, %v", costs, err)
	}
}
