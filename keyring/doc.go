// Package keyring knows public keys and says who made a signature. It knows
// nothing of Git but the bytes that were signed.
//
// A Keyring is made from the files of a branch or directory (New, ReadDir). It
// is not trusted: whatever it holds, it can only fail to have a key. Keys are
// found by what their own bytes hash to, and a subkey counts for a primary key
// only if both have signed that it does.
//
// Check takes the value of a commit's gpgsig header, or a detached signature such
// as this one over "hello\n":
//
//	-----BEGIN PGP SIGNATURE-----
//
//	iHUEABYKAB0WIQRGUWjmGw2wLNVJxXZRgooSC3ORNAUCYAAAAAAKCRBRgooSC3OR
//	NIAVAPsH7XhYJL2NL9BCVPfpnkq/nbAsiVooOBL6O/rnL43nowD9FJ6ozhbs0zZa
//	9tksGJHXPSvVhtifDeChFWiL6xnR4Ao=
//	=VPki
//	-----END PGP SIGNATURE-----
//
// and yields the Identity of the key that made it, or the Problem why none can
// be told. There is one accepted way to write a signature, because one that can
// be written in two ways makes two commits of one: the armor has no text around
// it, its base64 is canonical, its lines are of equal length, a checksum that is
// present is right, there is one packet and nothing behind it, its numbers have
// no leading zeros, and outside of what is signed it names the key that made it
// and says no more. Armor header lines, which old clients write, are the one
// exception: they are not signed and mean nothing.
//
// OpenPGP is that of RFC 9580, versions 4 and 6. SSH signatures are those of
// OpenSSH's PROTOCOL.sshsig; they carry their key and need no keyring.
//
// Dates decide nothing: not the expiry of keys and not the order in which keys
// and signatures say that they were made.
package keyring
