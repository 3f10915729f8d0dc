package floor

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Operations are what it takes a core to verify one signature, by the kind of key, such
// as "RSA-4096" or "SSH Ed25519".
type Operations map[string]time.Duration

// Measure measures the operations of some kinds: OpenSSL's for RSA and DSA, the faster
// of OpenSSL's and Go's for the others. Where there is no OpenSSL it is Go's for all.
func Measure(ctx context.Context, kinds []string) (Operations, error) {
	known, err := openSSL(ctx, kinds)
	if err != nil {
		return nil, err
	}
	costs := make(Operations)
	for _, kind := range kinds {
		cost, ok := known[kind]
		if name := algorithm(kind); !ok || !strings.HasPrefix(name, "RSA-") && !strings.HasPrefix(name, "DSA-") {
			by, err := golang(name)
			if err != nil {
				return nil, err
			}
			if !ok || by < cost {
				cost = by
			}
		}
		costs[kind] = cost
	}
	return costs, nil
}

// algorithm is the kind without the format of signatures.
func algorithm(kind string) string { return strings.TrimPrefix(kind, "SSH ") }

// Sum is what so many operations of each kind take.
func (o Operations) Sum(counts map[string]int) (time.Duration, error) {
	var sum time.Duration
	for kind, count := range counts {
		cost, ok := o[kind]
		if !ok {
			return 0, fmt.Errorf("signatures of kind %q have not been measured", kind)
		}
		sum += time.Duration(count) * cost
	}
	return sum, nil
}

// length is the number of bits in a kind such as "RSA-4096".
func length(name string) (bits int, ok bool) {
	_, digits, _ := strings.Cut(name, "-")
	_, err := fmt.Sscanf(digits, "%d", &bits)
	return bits, err == nil && bits > 0
}
