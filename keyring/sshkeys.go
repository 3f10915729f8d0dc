package keyring

import (
	"bytes"
	"sync"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Limits of what is kept of the keys that signatures have brought, a few megabytes in
// all. FIDO keys can be of any length, and are not worth keeping if they are long; an
// RSA key of 16384 bits has two KiB.
const (
	maxSSHKeys = 256
	maxSSHKey  = 4 << 10 // bytes in wire form
)

// sshKeys remembers the SSH keys that signatures have brought, so that each is read and
// prepared once. It is safe for concurrent use.
type sshKeys struct {
	mu   sync.Mutex
	read map[string]*sshKey // by their wire form
}

// get is the key with this wire form, or why it is none.
func (k *sshKeys) get(blob []byte) (*sshKey, *signer.Problem) {
	k.mu.Lock()
	key, ok := k.read[string(blob)]
	k.mu.Unlock()
	if ok {
		return key, nil
	}
	key, problem := parseSSHKey(bytes.Clone(blob)) // no part of the signature is kept
	if problem != nil {
		return nil, problem
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read == nil {
		k.read = make(map[string]*sshKey)
	}
	if len(blob) > maxSSHKey {
		return key, nil
	}
	for other := range k.read { // any one: whoever signs with many keys shall not keep out all others
		if len(k.read) < maxSSHKeys {
			break
		}
		delete(k.read, other)
	}
	k.read[string(blob)] = key
	return key, nil
}
