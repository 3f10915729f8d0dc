package keyring

import (
	"bytes"
	"sync"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// maxSSHKeys is how many keys that signatures brought are kept. Whoever signs each
// commit with a key of its own makes them useless, and no larger than some megabytes.
const maxSSHKeys = 256

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
	if len(k.read) < maxSSHKeys {
		k.read[string(blob)] = key
	}
	return key, nil
}
