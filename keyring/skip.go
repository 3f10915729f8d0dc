package keyring

import "fmt"

func (k *Keyring) skip(file, format string, args ...any) {
	k.skipped = append(k.skipped, Skipped{file, fmt.Sprintf(format, args...)})
}

// maxSkipped bounds how many parts of one file are reported.
const maxSkipped = 20

// skip reports that a part of the file is not used.
func (l *loader) skip(format string, args ...any) {
	switch l.skipped++; {
	case l.skipped < maxSkipped:
		l.ring.skip(l.file, format, args...)
	case l.skipped == maxSkipped:
		l.ring.skip(l.file, "there is more in it that cannot be used")
	}
}
