package measure

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nix-authorize/nix-authorize/bench/process"
)

// leastCorpus is how many commits a real history must have to be measured: below it
// the start of a process is all there is to see.
const leastCorpus = 1000

// corpora lays out the authentic ones of the real histories in a directory, which has
// a list, "verdicts.tsv", and a script, "unpack".
func (l *Lab) corpora(ctx context.Context, dir string) ([]subject, error) {
	file, err := os.Open(filepath.Join(dir, "verdicts.tsv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked := filepath.Join(l.Cache, "corpora")
	script := process.Command{Args: []string{filepath.Join(dir, "unpack"), unpacked}, Env: process.Environment(l.Cache)}
	if _, err := process.Run(ctx, script); err != nil {
		return nil, err
	}
	var found []subject
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 8 {
			return nil, fmt.Errorf("%s has the line %q", file.Name(), lines.Text())
		}
		length, err := strconv.Atoi(fields[6])
		if err != nil {
			return nil, err
		}
		if fields[5] == "authentic" && length >= leastCorpus {
			found = append(found, subject{
				name: fields[0], dir: filepath.Join(unpacked, fields[0]+".git"), introduction: fields[2], signer: fields[3],
				file: ".guix-authorizations", tip: fields[4], length: length,
			})
		}
	}
	return found, lines.Err()
}
