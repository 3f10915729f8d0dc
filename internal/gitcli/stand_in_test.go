package gitcli

import (
	"os"
	"path/filepath"
	"testing"
)

// standIn puts a shell script in the place of git.
func standIn(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	script = "#!/bin/sh\nPATH=" + os.Getenv("PATH") + "\n" + script
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}
