package keyring

import (
	"errors"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A document signature is one of data, as opposed to one of keys.

// onePacket reads a signature packet that is all there is.
func onePacket(data []byte) (*pgpSignature, *signer.Problem) {
	p, rest, err := nextPacket(data)
	switch {
	case err != nil:
		return nil, malformed("in the armor %s", err)
	case p.tag != tagSignature:
		return nil, malformed("in the armor is a packet of type %d instead of a signature", p.tag)
	case len(rest) > 0:
		return nil, malformed("in the armor is more than one signature packet")
	case !p.canonical:
		return nil, malformed("the length of the packet is not in its shortest form")
	}
	s, err := parseSignature(p.body)
	if version, ok := errors.AsType[errVersion](err); ok {
		return nil, unsupported("it is a signature of version %d instead of 4 or 6", byte(version))
	}
	if err != nil {
		return nil, malformed("the signature packet is malformed: %s", err)
	}
	return s, nil
}

// acceptable says why a signature of data is not one that can be accepted, before
// anything is known of its maker.
func (s *pgpSignature) acceptable() *signer.Problem {
	if s.typ != typeBinary {
		return unsupported("it is a signature of type 0x%02x instead of one of binary data (0x00)", s.typ)
	}
	if problem := checkHash(s.hash); problem != nil {
		return problem
	}
	if !signingAlgorithm(s.algorithm) {
		return unsupported("its public-key algorithm is number %d of OpenPGP, which is not accepted", s.algorithm)
	}
	if problem := s.checkSalt(); problem != nil {
		return problem
	}
	if problem := checkHashed(s.hashed); problem != nil {
		return problem
	}
	return checkUnhashed(s.unhashed)
}

// checkSalt requires the salt that goes with the digest (RFC 9580, 9.5).
func (s *pgpSignature) checkSalt() *signer.Problem {
	if s.version != 6 {
		return nil
	}
	size, ok := saltSizes[s.hash]
	if !ok {
		return unsupported("its digest is %s, which version 6 does not allow", hashNames[s.hash])
	}
	if len(s.salt) != size {
		return malformed("it has a salt of %d octets instead of %d", len(s.salt), size)
	}
	return nil
}

// checkHashed requires that what the signer has marked as critical is understood
// here (RFC 9580, 5.2.3.7), and a date (5.2.3.11).
func checkHashed(subpackets []subpacket) *signer.Problem {
	dated := false
	for _, sub := range subpackets {
		switch sub.typ {
		case subCreation:
			dated = true
		case subExpiration, subIssuer, subPolicy, subSigner, subIssuerFingerprint:
		case subEmbedded:
			return unsupported("there is another signature within it")
		default:
			if sub.critical {
				return unsupported("it has a critical subpacket of type %d", sub.typ)
			}
		}
	}
	if !dated {
		return malformed("it has no date")
	}
	return nil
}

// checkUnhashed allows what is not signed to name the maker and nothing else:
// where no checksum protects it, it could be changed at will.
func checkUnhashed(subpackets []subpacket) *signer.Problem {
	for i, sub := range subpackets {
		if sub.typ != subIssuer && sub.typ != subIssuerFingerprint {
			return unsupported("it has a subpacket of type %d that is not signed", sub.typ)
		}
		if sub.critical || i > 0 && sub.typ == subpackets[i-1].typ || i > 1 {
			return malformed("what is not signed in it names its maker twice, or as critical")
		}
	}
	return nil
}

func (s *pgpSignature) weakness() (w signer.Weakness) {
	if s.hash == hashSHA1 {
		w |= signer.WeakSHA1
	}
	if s.algorithm == algorithmDSA {
		w |= signer.WeakDSA
	}
	return w
}
