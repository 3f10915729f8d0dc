package verification

import (
	"fmt"
	"io"
	"os"

	"github.com/nix-authorize/nix-authorize/authz"
)

// readFile reads a file of the size that an authorizations file may have.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, authz.MaxAuthorizations+1))
	if err != nil {
		return nil, err
	}
	if len(content) > authz.MaxAuthorizations {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, authz.MaxAuthorizations)
	}
	return content, nil
}
