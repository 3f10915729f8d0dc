package gittest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

// A Key is a throw-away key that signs. It can be used by many goroutines.
type Key struct {
	// Holder is the name of whoever has the key, in lower case.
	Holder string
	// Fingerprint is that of the key that signs: 40 upper-case digits for
	// OpenPGP, "SHA256:…" for SSH.
	Fingerprint string
	// Primary is the primary key of an OpenPGP key, which is Fingerprint
	// unless a subkey signs.
	Primary string
	// Public is the public key: an OpenPGP armor, or "TYPE BASE64".
	Public string

	config []string // settings with which git signs, as NAME=VALUE
	env    []string // what gpg needs, as NAME=VALUE
	sign   func(payload []byte, args []string) ([]byte, error)
}

// IsSSH says whether the key is an SSH key.
func (k *Key) IsSSH() bool { return strings.HasPrefix(k.Fingerprint, "SHA256:") }

// File is a name for the key's file in a keyring.
func (k *Key) File() string {
	if k.IsSSH() {
		return k.Holder + ".pub"
	}
	return k.Holder + ".key"
}

// Sign signs a payload as git would, and returns the armor. The arguments go to
// gpg or ssh-keygen too, and can change how it signs.
func (k *Key) Sign(t testing.TB, payload []byte, args ...string) []byte {
	t.Helper()
	armor, err := k.sign(payload, args)
	if err != nil {
		t.Fatal(err)
	}
	return armor
}

// home is a directory for the keys of this process, made when first needed.
var home = sync.OnceValues(func() (string, error) {
	// Directly below, and with a short name: the socket of gpg-agent is in
	// it, and the length of its path is limited.
	return os.MkdirTemp("", "keys")
})

// made has the keys of this process. A key is made once, since some take long.
var made = struct {
	sync.Mutex
	keys map[string]*Key
}{keys: make(map[string]*Key)}

// once returns the key of a kind and holder, and makes it if there is none.
func once(kind, holder string, create func(home string) (*Key, error)) (*Key, error) {
	made.Lock()
	defer made.Unlock()
	name := kind + " " + holder
	if k := made.keys[name]; k != nil {
		return k, nil
	}
	dir, err := home()
	if err != nil {
		return nil, err
	}
	k, err := create(dir)
	if err == nil {
		made.keys[name] = k
	}
	return k, err
}

// Run runs the tests of a package that makes keys, and then does away with the
// keys and with the gpg-agent that holds them. It is for TestMain.
func Run(run func() int) int {
	process.EndAtOnce()
	defer func() {
		made.Lock()
		defer made.Unlock()
		if len(made.keys) == 0 {
			return
		}
		if dir, err := home(); err == nil {
			_, _ = output(dir, nil, nil, "gpgconf", "--kill", "all")
			os.RemoveAll(dir)
		}
	}()
	return run()
}

// output runs a program that makes or uses keys in the directory home.
func output(home string, env []string, stdin []byte, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = home
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + home, "GNUPGHOME=" + home}, env...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return stdout.Bytes(), nil
}

// NewKey is a key that neither gpg nor ssh-keygen has made. Git cannot sign with
// it; Sign can.
func NewKey(holder, fingerprint, public string, sign func(payload []byte) ([]byte, error)) *Key {
	return &Key{
		Holder: holder, Fingerprint: fingerprint, Primary: fingerprint, Public: public,
		sign: func(payload []byte, _ []string) ([]byte, error) { return sign(payload) },
	}
}
