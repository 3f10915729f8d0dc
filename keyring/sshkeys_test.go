package keyring

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
	"golang.org/x/crypto/ssh"
)

// Keys are what their wire form says, whether they are kept or too many, and nothing is
// kept of what is no key.
func TestSSHKeysAreKept(t *testing.T) {
	var keys sshKeys
	blob := func(i int) []byte {
		seed := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(seed[:]).Public())
		if err != nil {
			t.Fatal(err)
		}
		return key.Marshal()
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := range maxSSHKeys + 20 {
				b := blob(i)
				for range 2 {
					key, problem := keys.get(b)
					if problem != nil || key.fingerprint != signer.SSH(b) {
						t.Errorf("key %d is %+v, %+v", i, key, problem)
					}
				}
				if _, problem := keys.get(b[:len(b)-1]); problem == nil {
					t.Errorf("key %d is one without its last byte", i)
				}
			}
		})
	}
	readers.Wait()
	if n := len(keys.read); n != maxSSHKeys {
		t.Errorf("%d keys are kept", n)
	}
	last := maxSSHKeys + 19
	b := blob(last)
	kept, _ := keys.get(b)
	clear(b)
	if key, problem := keys.get(blob(last)); problem != nil || key != kept || key.fingerprint != signer.SSH(blob(last)) {
		t.Error("a kept key changes with what it was read from")
	}
	seed := sha256.Sum256(nil)
	long := joined(str("sk-ssh-ed25519@openssh.com"), str([]byte(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))), str(make([]byte, maxSSHKey)))
	if key, problem := keys.get(long); problem != nil || key.fingerprint != signer.SSH(long) {
		t.Errorf("a long key is %+v, %+v", key, problem)
	}
	if _, ok := keys.read[string(long)]; ok {
		t.Error("a long key is kept")
	}
}
