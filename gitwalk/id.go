package gitwalk

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/pjbgf/sha1cd"
)

// An ID is the SHA-1 object name of a Git object. The zero ID names none.
type ID [20]byte

// ParseID reads 40 hexadecimal digits in lower or upper case.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, fmt.Errorf("object id %q has %d characters instead of 40", s, len(s))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("object id %q is not hexadecimal", s)
	}
	return id, nil
}

// String is the 40 lower-case hexadecimal digits of id.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero says whether id names no object.
func (id ID) IsZero() bool { return id == ID{} }

// A Kind is the type of a Git object.
type Kind uint8

// The four kinds of objects.
const (
	KindCommit Kind = iota + 1
	KindTree
	KindBlob
	KindTag
)

var kindNames = [...]string{"", "commit", "tree", "blob", "tag"}

// String is Git's word for k.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "object of kind " + strconv.Itoa(int(k))
}

// ParseKind reads Git's word for a kind of object.
func ParseKind(s string) (Kind, bool) {
	for k := KindCommit; k <= KindTag; k++ {
		if kindNames[k] == s {
			return k, true
		}
	}
	return 0, false
}

// Hash computes the id of an object as Git does (SHA-1 over a header and the
// content) and says whether the content carries the traces of a SHA-1
// collision attack, as https://github.com/cr-marcstevens/sha1collisiondetection
// finds them. If it does, the id is not the one that SHA-1 gives.
func Hash(kind Kind, content []byte) (id ID, collision bool) {
	header := make([]byte, 0, 32)
	header = append(header, kind.String()...)
	header = append(header, ' ')
	header = strconv.AppendInt(header, int64(len(content)), 10)
	return digest(append(header, 0), content)
}

// digest is the SHA-1 of header and content together, and whether it is part of
// a collision attack.
func digest(header, content []byte) (sum ID, collision bool) {
	h := sha1cd.New().(sha1cd.CollisionResistantHash)
	h.Write(header)
	h.Write(content)
	_, collision = h.CollisionResistantSum(sum[:0])
	return sum, collision
}
