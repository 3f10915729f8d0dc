package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// str is a string as SSH writes it (RFC 4251, 5).
func str[T string | []byte](s T) []byte { return joined(be(4, len(s)), []byte(s)) }

// mpint is a positive number as SSH writes it.
func mpint(n *big.Int) []byte {
	octets := n.Bytes()
	if len(octets) > 0 && octets[0] >= 0x80 {
		octets = append([]byte{0}, octets...)
	}
	return str(octets)
}

// An sshForger is an SSH key in software, FIDO ones too.
type sshForger struct {
	typ     string
	blob    []byte
	formats []string // that it signs with; the first is usual
	// value makes the value of a signature.
	value func(format string, signed []byte) []byte
	fido  bool
}

// sshForgers has a key of each type that is accepted, and some others.
var sshForgers = sync.OnceValue(func() map[string]*sshForger {
	forgers := map[string]*sshForger{}
	for _, f := range []*sshForger{forgeEd25519("ssh-ed25519"), forgeEd25519("sk-ssh-ed25519@openssh.com"),
		forgeECDSA("ecdsa-sha2-nistp256", elliptic.P256()), forgeECDSA("ecdsa-sha2-nistp384", elliptic.P384()),
		forgeECDSA("ecdsa-sha2-nistp521", elliptic.P521()), forgeECDSA("sk-ecdsa-sha2-nistp256@openssh.com", elliptic.P256()),
		forgeRSA(2048), forgeRSA(1024)} {
		forgers[f.typ] = f
	}
	return forgers
})

func forgeEd25519(typ string) *sshForger {
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	f := &sshForger{typ: typ, blob: joined(str(typ), str([]byte(public))), formats: []string{typ}}
	f.value = func(_ string, signed []byte) []byte { return ed25519.Sign(private, signed) }
	return f.asFIDO()
}

func forgeECDSA(typ string, curve elliptic.Curve) *sshForger {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	point, _ := private.PublicKey.Bytes()
	_, curveName, _ := strings.Cut(strings.TrimSuffix(typ, "@openssh.com"), "sha2-")
	f := &sshForger{typ: typ, blob: joined(str(typ), str(curveName), str(point)), formats: []string{typ}}
	f.value = func(_ string, signed []byte) []byte {
		r, s, err := ecdsa.Sign(rand.Reader, private, digestFor(curve, signed))
		if err != nil {
			panic(err)
		}
		return joined(mpint(r), mpint(s))
	}
	return f.asFIDO()
}

func digestFor(curve elliptic.Curve, message []byte) []byte {
	switch curve {
	case elliptic.P256():
		sum := sha256.Sum256(message)
		return sum[:]
	case elliptic.P384():
		sum := sha512.Sum384(message)
		return sum[:]
	}
	sum := sha512.Sum512(message)
	return sum[:]
}

func forgeRSA(bits int) *sshForger {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	f := &sshForger{typ: "ssh-rsa", formats: []string{"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"}}
	f.blob = joined(str("ssh-rsa"), mpint(big.NewInt(int64(private.E))), mpint(private.N))
	f.value = func(format string, signed []byte) []byte {
		sum512, sum256, sum1 := sha512.Sum512(signed), sha256.Sum256(signed), sha1.Sum(signed)
		sum, hash := sum512[:], crypto.SHA512
		switch format {
		case "rsa-sha2-256":
			sum, hash = sum256[:], crypto.SHA256
		case "ssh-rsa":
			sum, hash = sum1[:], crypto.SHA1
		}
		made, err := rsa.SignPKCS1v15(nil, private, hash, sum)
		if err != nil {
			panic(err)
		}
		return made
	}
	if bits < 2048 {
		f.typ = "short"
	}
	return f
}

// asFIDO adds the application to the key if it is of a FIDO type.
func (f *sshForger) asFIDO() *sshForger {
	if strings.HasPrefix(f.typ, "sk-") {
		f.fido = true
		f.blob = append(f.blob, str("ssh:")...)
	}
	return f
}

// An sshForgery is an SSH signature in its parts.
type sshForgery struct {
	by                          *sshForger
	magic                       string
	version                     int
	blob                        []byte
	namespace, reserved, digest string
	format                      string
	flags                       byte
	counter                     int
	value                       func([]byte) []byte // what becomes of the value
	innerRest, rest             []byte              // bytes behind each part
	// signedAs is what was signed instead of what the signature says.
	signedAs *sshForgery
}

func newSSHForgery(by *sshForger) *sshForgery {
	return &sshForgery{by: by, magic: "SSHSIG", version: 1, blob: by.blob, namespace: "git", digest: "sha512",
		format: by.formats[0], flags: 1, counter: 7, value: func(v []byte) []byte { return v }}
}

func (f *sshForgery) signed(message []byte) []byte {
	sum512, sum256 := sha512.Sum512(message), sha256.Sum256(message)
	sum := sum512[:]
	if f.digest == "sha256" {
		sum = sum256[:]
	}
	signed := joined([]byte(f.magic), str(f.namespace), str(f.reserved), str(f.digest), str(sum))
	if f.by.fido { // what an authenticator signs (PROTOCOL.u2f)
		application, whole := sha256.Sum256([]byte("ssh:")), sha256.Sum256(signed)
		signed = joined(application[:], []byte{f.flags}, be(4, f.counter), whole[:])
	}
	return signed
}

func (f *sshForgery) data(message []byte) []byte {
	as := f
	if f.signedAs != nil {
		as = f.signedAs
	}
	inner := joined(str(f.format), str(f.value(f.by.value(f.format, as.signed(message)))))
	if f.by.fido {
		inner = joined(inner, []byte{f.flags}, be(4, f.counter))
	}
	return joined([]byte(f.magic), be(4, f.version), str(f.blob), str(f.namespace), str(f.reserved), str(f.digest),
		str(append(inner, f.innerRest...)), f.rest)
}

func (f *sshForgery) armor(message []byte) string { return sshArmor(f.data(message), 70) }

func sshArmor(data []byte, width int) string {
	return fmt.Sprintf("-----BEGIN SSH SIGNATURE-----\n%s-----END SSH SIGNATURE-----", base64Lines(data, width))
}

func TestCheckSSH(t *testing.T) {
	for typ, by := range sshForgers() {
		if typ == "short" {
			continue
		}
		t.Run(typ, func(t *testing.T) {
			name := map[string]string{
				"ssh-ed25519": "SSH Ed25519", "sk-ssh-ed25519@openssh.com": "sk-ssh-ed25519",
				"ecdsa-sha2-nistp256": "SSH ECDSA P-256", "ecdsa-sha2-nistp384": "SSH ECDSA P-384", "ecdsa-sha2-nistp521": "SSH ECDSA P-521",
				"sk-ecdsa-sha2-nistp256@openssh.com": "sk-ecdsa-sha2-nistp256", "ssh-rsa": "SSH RSA-2048",
			}[typ]
			for digest, digestName := range map[string]string{"sha512": "SHA-512", "sha256": "SHA-256"} {
				f := newSSHForgery(by)
				f.digest = digest
				r := New(nil).Check(document, []byte(f.armor(document)+"\n"))
				wantIdentity(t, r, signer.SSH(by.blob))
				if r.Identity.Algorithm != name+", "+digestName || r.Weakness != 0 || r.Identity.Primaries != nil {
					t.Errorf("%+v", r.Identity)
				}
				wantProblem(t, New(nil).Check(document[1:], []byte(f.armor(document))), signer.BadSignature, "did not make it")
			}
			k := New([]File{{"k.pub", []byte(fmt.Sprintf("%s %s comment", typ, strings.ReplaceAll(base64Lines(by.blob, 10000), "\n", "")))}})
			if keys := k.Keys(); len(keys) != 1 || keys[0].Algorithm != name || keys[0].Fingerprint != signer.SSH(by.blob) {
				t.Errorf("%+v %v", keys, k.Skipped())
			}
		})
	}
}

func TestCheckForgedSSH(t *testing.T) {
	forgers := sshForgers()
	const ed, rsaKey, p256, skEd, skEC = "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
	for _, c := range []struct {
		name, by string
		change   func(*sshForgery)
		kind     signer.Kind
		words    string
	}{
		{"rsa-sha2-256", rsaKey, func(f *sshForgery) { f.format = "rsa-sha2-256" }, 0, ""},
		{"SHA-1", rsaKey, func(f *sshForgery) { f.format = "ssh-rsa" }, signer.Weak, "SHA-1"},
		{"short RSA key", "short", func(f *sshForgery) {}, signer.Weak, "1024 bits"},
		{"short RSA signature", rsaKey, func(f *sshForgery) { f.value = func(v []byte) []byte { return v[1:] } }, signer.Malformed, "canonical"},
		{"long RSA signature", rsaKey, func(f *sshForgery) { f.value = func(v []byte) []byte { return append([]byte{0}, v...) } }, signer.Malformed, "canonical"},
		{"RSA signature said to be another", rsaKey, func(f *sshForgery) { f.format = "ssh-ed25519" }, signer.Unsupported, "format"},
		{"unknown format", ed, func(f *sshForgery) { f.format = "ssh-ed448" }, signer.Unsupported, "format"},
		{"FIDO format", p256, func(f *sshForgery) { f.format = skEC }, signer.Unsupported, "format"},
		{"WebAuthn", skEC, func(f *sshForgery) { f.format = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com" }, signer.Unsupported, "format"},

		{"another namespace", ed, func(f *sshForgery) { f.namespace = "file" }, signer.Unsupported, `namespace "file" instead of "git"`},
		{"empty namespace", ed, func(f *sshForgery) { f.namespace = "" }, signer.Unsupported, "namespace"},
		{"namespace that goes on", ed, func(f *sshForgery) { f.namespace = "git\x00" }, signer.Unsupported, "namespace"},
		{"signed in another namespace", ed, func(f *sshForgery) {
			as := *f
			as.namespace, f.signedAs = "file", &as
		}, signer.BadSignature, ""},
		{"signed with another digest", ed, func(f *sshForgery) {
			as := *f
			as.digest, f.signedAs = "sha256", &as
		}, signer.BadSignature, ""},
		{"reserved", ed, func(f *sshForgery) { f.reserved = "x" }, signer.Unsupported, "reserved"},
		{"unknown digest", ed, func(f *sshForgery) { f.digest = "sha1" }, signer.Unsupported, `digest is "sha1"`},
		{"version 2", ed, func(f *sshForgery) { f.version = 2 }, signer.Unsupported, "version 2"},
		{"version 0", ed, func(f *sshForgery) { f.version = 0 }, signer.Unsupported, "version 0"},
		{"magic", ed, func(f *sshForgery) { f.magic = "SSHSIg" }, signer.Malformed, "no SSH signature"},
		{"bytes behind it", ed, func(f *sshForgery) { f.rest = []byte{0} }, signer.Malformed, "bytes behind"},
		{"bytes behind the inner signature", ed, func(f *sshForgery) { f.innerRest = []byte{0} }, signer.Malformed, "bytes behind"},
		{"flags of a key that has none", ed, func(f *sshForgery) { f.innerRest = []byte{1, 0, 0, 0, 0} }, signer.Malformed, "bytes behind"},
		{"bytes behind the counter", skEd, func(f *sshForgery) { f.innerRest = []byte{0} }, signer.Malformed, "bytes behind"},
		{"bytes behind the key", ed, func(f *sshForgery) { f.blob = append(bytesOf(f.blob), 0) }, signer.Malformed, "key is malformed"},
		{"another key", ed, func(f *sshForgery) { f.blob = forgeEd25519(ed).blob }, signer.BadSignature, ""},
		{"key of another type", ed, func(f *sshForgery) { f.blob = forgers[p256].blob }, signer.Unsupported, "format"},
		{"DSA", ed, func(f *sshForgery) { f.blob = str("ssh-dss") }, signer.Weak, "DSA"},
		{"certificate", ed, func(f *sshForgery) { f.blob = str("ssh-ed25519-cert-v01@openssh.com") }, signer.Unsupported, "type"},
		{"ML-DSA", ed, func(f *sshForgery) { f.blob = str("ssh-mldsa-44") }, signer.Unsupported, "type"},
		{"empty key", ed, func(f *sshForgery) { f.blob = nil }, signer.Malformed, "cut short"},
		{"RSA key with leading zeros", rsaKey, func(f *sshForgery) {
			c := cursor{rest: f.blob}
			typ, e, n := c.block(4), c.block(4), c.block(4)
			f.blob = joined(str(typ), str(e), str(append([]byte{0}, n...)))
		}, signer.Malformed, "canonical"},
		{"even RSA modulus", rsaKey, func(f *sshForgery) {
			f.blob = bytesOf(f.blob)
			f.blob[len(f.blob)-1] &^= 1
		}, signer.Malformed, "even"},
		{"huge RSA key", rsaKey, func(f *sshForgery) {
			f.blob = joined(str("ssh-rsa"), str([]byte{1, 0, 1}), str(append([]byte{0}, bytes.Repeat([]byte{0xff}, 2049)...)))
		}, signer.Malformed, "malformed"},
		{"point that is compressed", p256, func(f *sshForgery) {
			f.blob = joined(str(p256), str("nistp256"), str(append([]byte{2}, f.blob[len(f.blob)-64:len(f.blob)-32]...)))
		}, signer.Malformed, "malformed"},
		{"point that is not on the curve", p256, func(f *sshForgery) {
			f.blob = bytesOf(f.blob)
			f.blob[len(f.blob)-1] ^= 1
		}, signer.Malformed, "malformed"},

		{"numbers with leading zeros", p256, func(f *sshForgery) {
			f.value = func(v []byte) []byte {
				c := cursor{rest: v}
				r, s := c.block(4), c.block(4)
				return joined(str(append([]byte{0}, r...)), str(s))
			}
		}, signer.Malformed, "canonical"},
		{"negative number", p256, func(f *sshForgery) {
			f.value = func(v []byte) []byte { return joined(str([]byte{0x80}), str([]byte{1})) }
		}, signer.Malformed, "canonical"},
		{"zeros", p256, func(f *sshForgery) {
			f.value = func(v []byte) []byte { return joined(str(""), str("")) }
		}, signer.Malformed, "canonical"},
		{"a third number", p256, func(f *sshForgery) {
			f.value = func(v []byte) []byte { return append(v, str([]byte{1})...) }
		}, signer.Malformed, "canonical"},
		{"short Ed25519 signature", ed, func(f *sshForgery) { f.value = func(v []byte) []byte { return v[:63] } }, signer.Malformed, "canonical"},
		{"s + order", ed, func(f *sshForgery) {
			f.value = func(v []byte) []byte { return joined(v[:32], plusOrder(v[32:])) }
		}, signer.BadSignature, ""},

		{"verified user", skEd, func(f *sshForgery) { f.flags = 5 }, 0, ""},
		{"without touch", skEd, func(f *sshForgery) { f.flags = 0 }, signer.Unsupported, "without touching"},
		{"without touch, ECDSA", skEC, func(f *sshForgery) { f.flags = 4 }, signer.Unsupported, "without touching"},
		{"touch that was not signed", skEd, func(f *sshForgery) {
			as := *f
			as.flags, f.signedAs = 0, &as
		}, signer.BadSignature, ""},
		{"another counter", skEC, func(f *sshForgery) {
			as := *f
			as.counter, f.signedAs = 8, &as
		}, signer.BadSignature, ""},
		{"another application", skEd, func(f *sshForgery) {
			f.blob = joined(f.blob[:len(f.blob)-8], str("ssh:x"))
		}, signer.BadSignature, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newSSHForgery(forgers[c.by])
			c.change(f)
			r := New(nil).Check(document, []byte(f.armor(document)))
			if c.kind == 0 {
				wantIdentity(t, r, signer.SSH(f.blob))
			} else {
				wantProblem(t, r, c.kind, c.words)
			}
		})
	}
}

func TestCheckDetached(t *testing.T) {
	by := sshForgers()["ssh-ed25519"]
	f := newSSHForgery(by)
	f.namespace = "nix-authorize"
	armor := []byte(f.armor(document) + "\n")
	wantIdentity(t, New(nil).CheckDetached(document, armor, "nix-authorize"), signer.SSH(by.blob))
	wantProblem(t, New(nil).CheckDetached(document, armor, "git"), signer.Unsupported, "namespace")
	wantProblem(t, New(nil).Check(document, armor), signer.Unsupported, "namespace")
	alice := forge("alice")
	r := New(file(alice.key())).CheckDetached(document, []byte(newForgery(alice).armor(document)+"\n"), "nix-authorize")
	wantIdentity(t, r, alice.fingerprint())
}

func TestSSHArmor(t *testing.T) {
	by := sshForgers()["ssh-ed25519"]
	data := newSSHForgery(by).data(document)
	good := sshArmor(data, 70)
	for _, c := range []struct {
		name, armor string
		ok          bool
	}{
		{"as ssh-keygen writes it", good, true},
		{"lines of 64", sshArmor(data, 64), true},
		{"lines of 76", sshArmor(data, 76), true},
		{"one empty line behind it", good + "\n", true},
		{"two empty lines behind it", good + "\n\n", false},
		{"lines of 80", sshArmor(data, 80), false},
		{"a header", strings.Replace(good, "SIGNATURE-----\n", "SIGNATURE-----\nComment: x\n\n", 1), false},
		{"an empty line", strings.Replace(good, "SIGNATURE-----\n", "SIGNATURE-----\n\n", 1), false},
		{"a checksum", strings.Replace(good, "\n-----END", "\n=AAAA\n-----END", 1), false},
		{"twice", good + "\n" + good, false},
		{"junk", good + "\njunk", false},
		{"carriage returns", strings.ReplaceAll(good, "\n", "\r\n"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New(nil).Check(document, []byte(c.armor))
			if c.ok {
				wantIdentity(t, r, signer.SSH(by.blob))
			} else {
				wantProblem(t, r, signer.Malformed, "")
			}
		})
	}
}

func TestSSHMutations(t *testing.T) {
	for _, typ := range []string{"ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256"} {
		t.Run(typ, func(t *testing.T) {
			f := newSSHForgery(sshForgers()[typ])
			checkMutations(t, New(nil), document, f.armor(document))
			data := f.data(document)
			for n := range len(data) {
				mutated := bytes.Clone(data)
				mutated[n] ^= 0x01
				if New(nil).Check(document, []byte(sshArmor(mutated, 70))).Problem == nil {
					t.Errorf("accepted with octet %d changed", n)
				}
			}
		})
	}
}

// FuzzSSHSIG: what is accepted re-serialises identically.
func FuzzSSHSIG(f *testing.F) {
	for _, by := range sshForgers() {
		f.Add(newSSHForgery(by).data(document))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, problem := parseSSHSignature(data)
		if problem != nil {
			return
		}
		again := joined([]byte("SSHSIG"), be(4, 1), str(s.key), str(s.namespace), str(s.reserved), str(s.digest), str(s.signature))
		if !bytes.Equal(again, data) {
			t.Fatalf("%x was read, and is written as %x", data, again)
		}
		key, problem := parseSSHKey(s.key)
		if problem != nil {
			return
		}
		if inner, problem := key.parseInner(s.signature); problem == nil {
			again = joined(str(inner.Format), str(inner.Blob), inner.Rest)
			if !bytes.Equal(again, s.signature) {
				t.Errorf("%x was read, and is written as %x", s.signature, again)
			}
		}
		New(nil).Check(document, []byte(sshArmor(data, 70)))
	})
}
