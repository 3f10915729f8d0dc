package floor

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// The sizes that "openssl speed" measures. The cost of others is taken to grow with the
// square of the length.
var (
	rsaSizes = []int{1024, 2048, 3072, 4096, 7680}
	dsaSizes = []int{1024, 2048}
)

// test is the name that "openssl speed" has for an algorithm, and how much longer the
// algorithm takes than what is measured.
func test(name string) (test string, factor float64) {
	fixed := map[string]string{"Ed25519": "ed25519", "Ed448": "ed448", "ECDSA P-256": "ecdsap256", "ECDSA P-384": "ecdsap384", "ECDSA P-521": "ecdsap521"}
	if test, ok := fixed[name]; ok {
		return test, 1
	}
	bits, ok := length(name)
	switch {
	case ok && strings.HasPrefix(name, "RSA-"):
		size := nearest(rsaSizes, bits)
		return "rsa" + strconv.Itoa(size), square(bits, size)
	case ok && strings.HasPrefix(name, "DSA-"):
		size := nearest(dsaSizes, bits)
		return "dsa" + strconv.Itoa(size), square(bits, size)
	}
	return "", 0
}

func square(bits, size int) float64 {
	ratio := float64(bits) / float64(size)
	return ratio * ratio
}

func nearest(sizes []int, bits int) int {
	return slices.MinFunc(sizes, func(a, b int) int { return max(a-bits, bits-a) - max(b-bits, bits-b) })
}

// openSSL measures what OpenSSL can do, which is nothing if it is not there.
func openSSL(ctx context.Context, kinds []string) (map[string]time.Duration, error) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		return nil, nil
	}
	args := []string{program, "speed", "-seconds", "1", "-mr"}
	for _, kind := range kinds {
		if name, _ := test(algorithm(kind)); name != "" && !slices.Contains(args, name) {
			args = append(args, name)
		}
	}
	out, _, err := process.Output(ctx, process.Command{Args: args, Env: os.Environ()})
	if err != nil {
		return nil, err
	}
	measured, costs := rates(string(out)), make(map[string]time.Duration)
	for _, kind := range kinds {
		name, factor := test(algorithm(kind))
		if rate := measured[name]; rate > 0 {
			costs[kind] = time.Duration(factor / rate * float64(time.Second))
		}
	}
	return costs, nil
}

// rates reads how many signatures a second "openssl speed -mr" says it verifies, from
// lines such as "+F2:4:4096:250.0:15767.5" (RSA: number, bits, signed, verified a second).
func rates(output string) map[string]float64 {
	found := make(map[string]float64)
	for line := range strings.Lines(output) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 5 {
			continue
		}
		rate, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			continue
		}
		switch bits := fields[2]; fields[0] {
		case "+F2":
			found["rsa"+bits] = rate
		case "+F3":
			found["dsa"+bits] = rate
		case "+F4":
			found["ecdsap"+bits] = rate
		case "+F6":
			found[strings.ToLower(fields[3])] = rate
		}
	}
	return found
}
