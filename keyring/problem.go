package keyring

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// malformed is the Problem of bytes that are not one well-formed signature.
func malformed(format string, args ...any) *signer.Problem {
	return &signer.Problem{Kind: signer.Malformed, Detail: fmt.Sprintf(format, args...)}
}

// unsupported is the Problem of a signature that is well formed as far as it was
// read, of a kind that is not accepted.
func unsupported(format string, args ...any) *signer.Problem {
	return &signer.Problem{Kind: signer.Unsupported, Detail: fmt.Sprintf(format, args...)}
}

// weak is the Problem of a digest or key that no policy accepts.
func weak(format string, args ...any) *signer.Problem {
	return &signer.Problem{Kind: signer.Weak, Detail: fmt.Sprintf(format, args...)}
}

// bad is the Problem of a signature that the key did not make over these bytes.
func bad(format string, args ...any) *signer.Problem {
	return &signer.Problem{Kind: signer.BadSignature, Detail: fmt.Sprintf(format, args...)}
}

// excerpt quotes hostile text, shortened, so that it is safe to print.
func excerpt[T string | []byte](text T) string {
	const most = 40
	if len(text) > most {
		return fmt.Sprintf("%q...", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
