package keyring

// plain says whether a signature is as a signature of data has to be: its salt the one
// that goes with its digest, each subpacket in the form that its type has, a date among
// those that are signed, and no signature within it. It refuses what go-crypto does.
func (s *pgpSignature) plain() bool {
	if s.version == 6 && (saltSizes[s.hash] == 0 || len(s.salt) != saltSizes[s.hash]) {
		return false
	}
	dated := false
	for _, sub := range s.hashed {
		if !sub.formed(s.version) {
			return false
		}
		dated = dated || sub.typ == subCreation
	}
	for _, sub := range s.unhashed {
		switch {
		case sub.typ == subEmbedded,
			sub.typ == subIssuer && len(sub.body) != 8,
			sub.typ == subIssuerFingerprint && !isFingerprint(sub.body):
			return false
		}
	}
	return dated
}

// Subpackets that are only looked at for their form (RFC 9580, 5.2.3.7).
const (
	subExportable        = 4
	subTrust             = 5
	subRegularExpression = 6
	subNotation          = 20
	subPrimaryUserID     = 25
	subRevocationReason  = 29
	subIntendedRecipient = 35
	subCipherSuites      = 39
)

// formed says whether a subpacket that is signed has the form that its type has (RFC
// 9580, 5.2.3.11 to 5.2.3.36), and is known if it is critical.
func (sub subpacket) formed(version byte) bool {
	size := len(sub.body)
	switch sub.typ {
	case subCreation, subExpiration, subKeyExpiration:
		return size == 4
	case subExportable:
		return size > 0 && sub.body[0] != 0
	case subTrust:
		return size == 2
	case subRegularExpression:
		return size > 0 && sub.body[size-1] == 0
	case subIssuer:
		return version == 4 && size == 8
	case subNotation:
		return isNotation(sub.body)
	case subPrimaryUserID:
		return size == 1
	case subRevocationReason:
		return size > 0
	case subIssuerFingerprint, subIntendedRecipient:
		return isFingerprint(sub.body)
	case subCipherSuites:
		return size%2 == 0
	case 11, 21, 22, 23, 24, subPolicy, subKeyFlags, subSigner, 30: // preferences, text and flags
		return true
	}
	return !sub.critical && sub.typ != subEmbedded
}

// isNotation says whether the lengths of name and value are those of what follows.
func isNotation(body []byte) bool {
	c := cursor{rest: body}
	c.take(4)
	name, value := c.number(2), c.number(2)
	c.take(int(name))
	c.take(int(value))
	return !c.short && len(c.rest) == 0
}

// isFingerprint says whether it is a version of keys and a fingerprint as long as theirs.
func isFingerprint(body []byte) bool {
	if len(body) == 0 {
		return false
	}
	if body[0] < 5 {
		return len(body) == 1+20
	}
	return len(body) == 1+32
}
