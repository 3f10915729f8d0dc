package keyring

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// keyArmor is an armor as gpg --export makes it.
func keyArmor(packets ...[]byte) string {
	armor := enarmorLines(joined(packets...), 64, true)
	return strings.ReplaceAll(armor, "PGP SIGNATURE", "PGP PUBLIC KEY BLOCK") + "\n"
}

const sshLine = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0RlJ4iFXGuRJ9+UUFIF8f9WrFjrR2sW3dF0dkYBPzD alice@laptop\n"

func TestNew(t *testing.T) {
	alice, bob, carol := forge("alice"), forge("bob"), forge("carol")
	all := []*forger{alice, bob, carol}
	armor := keyArmor(alice.key())
	for _, c := range []struct {
		name    string
		content string
		keys    []*forger
		skipped string
	}{
		{"binary", string(alice.key()), all[:1], ""},
		{"binary, three", string(joined(alice.key(), bob.key(), carol.key())), all, ""},
		{"armor", armor, all[:1], ""},
		{"armor with three", keyArmor(alice.key(), bob.key(), carol.key()), all, ""},
		{"three armors", armor + keyArmor(bob.key()) + keyArmor(carol.key()), all, ""},
		{"armors with text around", "Alice's key:\n\n" + armor + "\nand Bob's\n" + keyArmor(bob.key()) + "\nbye\n", all[:2], ""},
		{"armor of DOS", strings.ReplaceAll(armor, "\n", "\r\n"), all[:1], ""},
		{"armor with spaces", strings.ReplaceAll(armor, "\n", " \n"), all[:1], ""},
		{"armor without checksum", strings.Replace(armor, checksumLine(strings.TrimSuffix(armor, "\n"))+"\n", "", 1), all[:1], ""},
		{"armor with headers", strings.Replace(armor, "\n\n", "\nVersion: x\nComment:\n\n", 1), all[:1], ""},
		{"armor without an empty line", strings.Replace(armor, "\n\n", "\n", 1), all[:1], ""},
		{"armor with a wrong checksum", strings.Replace(armor, checksumLine(strings.TrimSuffix(armor, "\n")), "=AAAA", 1) + keyArmor(bob.key()), all[1:2], "wrong checksum"},
		{"armor that is no base64", strings.Replace(armor, "\n\n", "\n\n????\n", 1) + keyArmor(bob.key()), all[1:2], "is not base64"},
		{"armor that is not ended", keyArmor(bob.key()) + armor[:len(armor)-20], all[1:2], "is not ended"},
		{"armor that is not ended alone", armor[:len(armor)-20], nil, "is not ended"},
		{"armor within an armor", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n" + armor, all[:1], "is not ended"},
		{"armor that ends as another", strings.Replace(armor, "END PGP PUBLIC", "END PGP PRIVATE", 1) + keyArmor(bob.key()), all[1:2], "is not ended"},
		{"armor of a secret key", strings.ReplaceAll(armor, "PUBLIC", "PRIVATE") + keyArmor(bob.key()), all[1:2], `"PGP PRIVATE KEY BLOCK"`},
		{"armor of a message", strings.ReplaceAll(armor, "PUBLIC KEY BLOCK", "MESSAGE"), nil, `"PGP MESSAGE"`},
		{"begin that is quoted", "> -----BEGIN PGP PUBLIC KEY BLOCK-----\n", nil, "is not ended"},

		{"a damaged key between good ones", string(joined(alice.key(), framed(6, bob.body()[:20]), carol.key())), []*forger{alice, carol}, "a key in it is malformed"},
		{"bytes behind the numbers", string(framed(6, append(alice.body(), 0))), nil, "not all that it has"},
		{"an empty key", string(joined(framed(6, nil), bob.key())), all[1:2], "malformed"},
		{"version 3", string(joined(framed(6, append([]byte{3}, alice.body()[1:]...)), bob.key())), all[1:2], "version 3"},
		{"version 5", string(joined(framed(6, append([]byte{5}, alice.body()[1:]...)), bob.key())), all[1:2], "version 5"},
		{"a secret key", string(joined(framed(5, alice.body()), bob.key())), all[1:2], "a secret key"},
		{"a secret subkey", string(joined(bob.key(), framed(7, alice.body()))), all[1:2], "a secret subkey"},
		{"subkey alone", string(alice.subkey()), all[:1], ""},
		{"subkey behind a damaged primary key", string(joined(framed(6, nil), alice.subkey())), all[:1], "malformed"},
		{"cut short", string(joined(alice.key(), bob.key()[:30])), all[:1], "longer than what there is"},
		{"partial length", string(joined(alice.key(), []byte{0xc6, 0xe1}, bob.body())), all[:1], "definite length"},
		{"rubbish behind it", string(alice.key()) + "rubbish", all[:1], "no packet starts"},
		{"rubbish packets", string(joined(framed(60, []byte("x")), framed(12, nil), alice.key(), framed(2, nil), framed(2, []byte{4, 0x13}), framed(10, []byte("PGP")))), all[:1], ""},
		{"huge packet", string(joined(alice.key(), framed(13, make([]byte, 3<<20)), bob.key())), all[:2], ""},
		{"packet of 4 GiB", string(joined(alice.key(), []byte{0xcd, 0xff, 0xff, 0xff, 0xff, 0xff})), all[:1], "longer than what there is"},
		{"version 6 with a wrong length", string(joined(framed(6, joined([]byte{6, 0, 0, 0, 1, 25}, be(4, 33), make([]byte, 32))), bob.key())), all[1:2], "length does not fit"},
		{"huge key", string(joined(framed(6, append(alice.body(), make([]byte, 1<<20)...)), bob.key())), all[1:2], "too long for version 4"},

		{"empty", "", nil, ""},
		{"garbage", "\x00\x01\x02garbage\n\x1b[31m", nil, "is not an SSH public key"},
		{"binary garbage", "\xff\xfe\xfd\xfc", nil, "definite length"},
		{"a text", "This is not a key.\n", nil, "is not an SSH public key"},
		{"a text in UTF-8", "“This” is not a key.\n", nil, "is not an SSH public key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := New([]File{{"x.key", []byte(c.content)}})
			var got, want []signer.Fingerprint
			for _, key := range k.Keys() {
				got = append(got, key.Fingerprint)
			}
			for _, f := range c.keys {
				want = append(want, f.fingerprint())
			}
			if !slices.Equal(got, want) {
				t.Errorf("has %s instead of %s", got, want)
			}
			checkSkipped(t, k, c.skipped)
		})
	}
}

// checkSkipped requires that something was skipped for a reason with these words,
// or nothing if they are empty; and that the reasons can be printed.
func checkSkipped(t *testing.T, k *Keyring, words string) {
	t.Helper()
	found := words == "" && len(k.Skipped()) == 0
	for _, s := range k.Skipped() {
		found = found || words != "" && strings.Contains(s.Detail, words)
		if strings.ContainsFunc(s.Detail, unicode.IsControl) || len(s.Detail) > 300 {
			t.Errorf("not to be printed: %q", s.Detail)
		}
	}
	if !found {
		t.Errorf("skipped %q instead of %q", k.Skipped(), words)
	}
}

// TestNewUnusable: what is well formed is listed, and signs nothing.
func TestNewUnusable(t *testing.T) {
	head := func(algorithm byte) []byte { return []byte{4, 0, 0, 0, 1, algorithm} }
	secp256k1 := joined(head(19), []byte{5, 0x2b, 0x81, 4, 0, 0x0a}, be(2, 515),
		[]byte("\x04\x79\xbe\x66\x7e\xf9\xdc\xbb\xac\x55\xa0\x62\x95\xce\x87\x0b\x07\x02\x9b\xfc\xdb\x2d\xce\x28\xd9\x59\xf2\x81\x5b\x16\xf8\x17\x98\x48\x3a\xda\x77\x26\xa3\xc4\x65\x5d\xa4\xfb\xfc\x0e\x11\x08\xa8\xfd\x17\xb4\x48\xa6\x85\x54\x19\x9c\x47\xd0\x8f\xfb\x10\xd4\xb8"))
	odd := func(bits int) []byte { // a number of so many bits
		n := bytes.Repeat([]byte{0xff}, bits/8)
		return joined(be(2, bits), n)
	}
	for _, c := range []struct {
		name, algorithm, usable string
		body                    []byte
	}{
		{"ECDH", "ECDH", "encryption only", joined(head(18), []byte{1, 2, 3})},
		{"Elgamal", "Elgamal", "encryption only", head(16)},
		{"RSA to encrypt", "RSA", "encryption only", head(2)},
		{"unknown", "algorithm 99", "algorithm 99 is not accepted", head(99)},
		{"post-quantum", "algorithm 30", "algorithm 30 is not accepted", head(30)},
		{"secp256k1", "SecP256k1", "its curve is not accepted", secp256k1},
		{"unknown curve", "algorithm 22", "is not supported", joined(head(22), []byte{1, 1}, be(2, 8), []byte{0x40})},
		{"RSA with a large exponent", "algorithm 1", "is not supported", joined(head(1), odd(2048), odd(32))},
		{"RSA with an even exponent", "RSA-2048", "not those of an RSA key", joined(head(1), odd(2048), []byte{0, 3, 6})},
		{"RSA with exponent 1", "RSA-2048", "not those of an RSA key", joined(head(1), odd(2048), []byte{0, 1, 1})},
		{"RSA with no modulus", "RSA-0", "not those of an RSA key", joined(head(1), be(2, 0), []byte{0, 2, 3})},
		{"huge RSA", "RSA-16392", "more than 16384 bits", joined(head(1), odd(16392), []byte{0, 2, 3})},
		{"huge DSA", "DSA-8200", "more than 8192 bits", joined(head(17), odd(8200), odd(256), odd(256), odd(256))},
		{"DSA with a large subgroup", "DSA-2048", "more than 8192 bits", joined(head(17), odd(2048), odd(520), odd(256), odd(256))},
		{"DSA of zeros", "DSA-0", "not those of a DSA key", joined(head(17), make([]byte, 8))},
		{"DSA with generator 1", "DSA-2048", "not those of a DSA key", joined(head(17), odd(2048), odd(256), []byte{0, 1, 1}, odd(256))},
		{"DSA with public key 1", "DSA-2048", "not those of a DSA key", joined(head(17), odd(2048), odd(256), odd(256), []byte{0, 1, 1})},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := New(file(framed(6, c.body))).Keys()
			if len(keys) != 1 || keys[0].Algorithm != c.algorithm || !strings.Contains(keys[0].Usable, c.usable) || keys[0].Usable == "" {
				t.Fatalf("%+v", keys)
			}
			if key := New(file(framed(6, c.body))).sorted[0]; key.verify != nil {
				t.Error("it could verify what stands in a keyring")
			}
		})
	}
	k := New(file(framed(6, secp256k1)))
	f := newForgery(forge("alice"))
	f.algo = 19
	f.hashed, f.unhashed = sub(2, 1, 2, 3, 4), sub(16, []byte(unhex(t, k.Keys()[0].Fingerprint[24:]))...)
	wantProblem(t, k.Check(document, []byte(f.armor(document))), signer.Unsupported, "cannot be used: its curve is not accepted")
}

func unhex(t *testing.T, digits signer.Fingerprint) (octets string) {
	if _, err := fmt.Sscanf(string(digits), "%X", &octets); err != nil {
		t.Fatal(err)
	}
	return octets
}

func TestNewSSH(t *testing.T) {
	blob := strings.Fields(sshLine)[1]
	for _, c := range []struct {
		name, content, skipped string
		keys                   int
	}{
		{"one", sshLine, "", 1},
		{"without comment", "ssh-ed25519 " + blob, "", 1},
		{"comments and empty lines", "# keys\n\n" + sshLine + "\r\n", "", 1},
		{"twice", sshLine + sshLine, "", 1},
		{"rubbish", "hello\n" + sshLine, "line 1: \"hello\" is not an SSH public key", 1},
		{"wrong type", "ssh-rsa " + blob + "\n", "not of the type", 0},
		{"options", "no-pty " + sshLine, "is not an SSH public key", 0},
		{"cut short", "ssh-ed25519 " + blob[:40] + "\n", "malformed", 0},
		{"bytes behind it", "ssh-ed25519 " + base64.StdEncoding.EncodeToString(append(unbase64(t, blob), 0)) + "\n", "malformed", 0},
		{"certificate", "ssh-ed25519-cert-v01@openssh.com " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x20ssh-ed25519-cert-v01@openssh.com")) + "\n", "of the type", 0},
		{"DSA", "ssh-dss " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x07ssh-dss")) + "\n", "a DSA key", 0},
		{"much rubbish", strings.Repeat("rubbish\n", 1000) + sshLine, "there is more in it", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := New([]File{{"x.pub", []byte(c.content)}})
			keys := k.Keys()
			if len(keys) != c.keys || len(k.Skipped()) > maxSkipped {
				t.Errorf("%d keys, skipped %d", len(keys), len(k.Skipped()))
			}
			checkSkipped(t, k, c.skipped)
		})
	}
	key, ok := New([]File{{"x.pub", []byte(sshLine)}}).Lookup(signer.SSH(unbase64(t, blob)))
	if !ok || key.Algorithm != "SSH Ed25519" || !slices.Equal(key.UserIDs, []string{"alice@laptop"}) || key.Usable != "" {
		t.Errorf("%+v", key)
	}
}

func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNewMany: a keyring may have 10,000 keys, and each is found.
func TestNewMany(t *testing.T) {
	const many = 10_000
	var files []File
	for i := range many {
		files = append(files, File{fmt.Sprintf("%05d.key", i), forge(fmt.Sprint(i)).key()})
	}
	k := New(files)
	if n := len(k.Keys()); n != many || len(k.Skipped()) > 0 {
		t.Fatalf("%d keys, skipped %v", n, k.Skipped())
	}
	last := forge(fmt.Sprint(many - 1))
	wantIdentity(t, k.Check(document, []byte(newForgery(last).armor(document))), last.fingerprint())
}

func TestNewLimits(t *testing.T) {
	alice, bob := forge("alice"), forge("bob")
	t.Run("large file", func(t *testing.T) {
		k := New([]File{{"a.key", append(alice.key(), make([]byte, MaxFile)...)}, {"b.key", bob.key()}})
		if keys := k.Keys(); len(keys) != 1 || keys[0].File != "b.key" {
			t.Errorf("%+v", keys)
		}
		checkSkipped(t, k, "more than 4194304 bytes")
	})
	t.Run("many files", func(t *testing.T) {
		files := make([]File, MaxFiles+10)
		files[0].Content, files[MaxFiles+5].Content = alice.key(), bob.key()
		for i := range files {
			files[i].Name = fmt.Sprintf("%06d", i)
		}
		k := New(files)
		if n := len(k.Keys()); n != 1 || len(k.Skipped()) != 1 {
			t.Errorf("%d keys", n)
		}
		checkSkipped(t, k, "at most 20000")
	})
	t.Run("large files", func(t *testing.T) {
		big := append(alice.key(), framed(13, make([]byte, MaxFile-1000))...) // one array for all
		var files []File
		for i := range MaxTotal / MaxFile {
			files = append(files, File{fmt.Sprintf("%06d", i), big})
		}
		files = append(files, File{"z0", append(bob.key(), framed(13, make([]byte, 1<<20))...)}, File{"z1", forge("carol").key()})
		k := New(files)
		if n := len(k.Keys()); n != 2 { // the last one still fits
			t.Errorf("%d keys", n)
		}
		checkSkipped(t, k, "more than 268435456 bytes")
	})
	t.Run("many packets", func(t *testing.T) {
		k := New(file(alice.key(), bytes.Repeat([]byte{0xcc, 0}, maxPackets), bob.key()))
		if n := len(k.Keys()); n != 1 {
			t.Errorf("%d keys", n)
		}
		checkSkipped(t, k, "more than 100000 packets")
	})
	t.Run("many armors that are not ended", func(t *testing.T) {
		content := strings.Repeat("-----BEGIN PGP PUBLIC KEY BLOCK-----\n", MaxFile/40)
		k := New([]File{{"k.asc", []byte(content + keyArmor(alice.key()))}})
		if n := len(k.Keys()); n != 1 || len(k.Skipped()) > maxSkipped {
			t.Errorf("%d keys", n)
		}
	})
	t.Run("many self-signatures", func(t *testing.T) {
		claim := joined(userID("A"), alice.certify(0x13, nil, alice.hashed(), hashedID("A")))
		k := New(file(alice.key(), bytes.Repeat(claim, 2000)))
		if n := len(k.keys[alice.fingerprint()].places[0].statements); n != maxStatements {
			t.Errorf("%d statements are kept", n)
		}
	})
	t.Run("many user ids", func(t *testing.T) {
		content := alice.key()
		for i := range 2 * maxUserIDs {
			id := strings.Repeat(fmt.Sprint(i, " "), 1000)
			content = joined(content, userID(id), alice.certify(0x13, nil, alice.hashed(), hashedID(id)))
		}
		key := New(file(content)).Keys()[0]
		if len(key.UserIDs) != maxUserIDs || len(key.UserIDs[0]) != maxUserID {
			t.Errorf("%d user ids", len(key.UserIDs))
		}
	})
}

// TestSameKeyID: 64 bits are too few to tell keys apart. Two keys with one id take
// 2^32 work to make, so a test has to write it in.
func TestSameKeyID(t *testing.T) {
	alice, bob := forge("alice"), forge("bob")
	k := New(file(alice.key(), bob.key()))
	id := k.keys[alice.fingerprint()].keyID()
	k.byID[id] = []*publicKey{k.keys[bob.fingerprint()], k.keys[alice.fingerprint()]}
	f := newForgery(alice)
	f.hashed = sub(2, 1, 2, 3, 4)
	wantIdentity(t, k.Check(document, []byte(f.armor(document))), alice.fingerprint())
	wantProblem(t, k.Check(nil, []byte(f.armor(document))), signer.BadSignature, "")
	f = newForgery(alice) // with its fingerprint no other key is tried
	f.by = bob
	wantProblem(t, k.Check(document, []byte(f.armor(document))), signer.BadSignature, "")
}

func TestNewSameKeyTwice(t *testing.T) {
	alice := forge("alice")
	k := New([]File{{"b.key", alice.key()}, {"a.key", alice.subkey()}, {"c.key", []byte(keyArmor(alice.key(), alice.key()))}})
	if keys := k.Keys(); len(keys) != 1 || keys[0].File != "a.key" {
		t.Errorf("%+v", keys)
	}
}

// TestKeysOrder: by file, then as they stand in it.
func TestKeysOrder(t *testing.T) {
	files := []File{{"b", joined(forge("3").key(), forge("2").key())}, {"a", joined(forge("1").key(), forge("0").key())}}
	var got []signer.Fingerprint
	for _, key := range New(files).Keys() {
		got = append(got, key.Fingerprint)
	}
	want := []signer.Fingerprint{forge("1").fingerprint(), forge("0").fingerprint(), forge("3").fingerprint(), forge("2").fingerprint()}
	if !slices.Equal(got, want) || files[0].Name != "b" {
		t.Errorf("%s", got)
	}
}

// TestConcurrent is for the race detector: what a keyring computes late, it
// computes once.
func TestConcurrent(t *testing.T) {
	alice, laptop := forge("alice"), forge("laptop")
	k := New(append(marry(alice, laptop).file(), File{"x.pub", []byte(sshLine)}))
	armor := []byte(newForgery(laptop).armor(document))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if r := k.Check(document, armor); r.Identity == nil || len(r.Identity.Primaries) != 1 {
					t.Errorf("%+v", r)
				}
			}
		})
		all.Go(func() {
			k.Keys()
			k.Lookup(laptop.fingerprint())
			k.Skipped()
		})
	}
	all.Wait()
}

// FuzzKeyFile: no file breaks a keyring, and a key is found by what it hashes to.
func FuzzKeyFile(f *testing.F) {
	alice, laptop := forge("alice"), forge("laptop")
	f.Add(marry(alice, laptop).file()[0].Content)
	f.Add(joined(alice.key(), userID("A"), alice.certify(0x13, nil, alice.hashed(), hashedID("A"))))
	f.Add([]byte(keyArmor(alice.key())))
	f.Add(forge6("six").key())
	f.Add([]byte(sshLine))
	f.Fuzz(func(t *testing.T, content []byte) {
		k := New([]File{{"x.key", content}})
		checkPrintable(t, k)
		for _, key := range k.Keys() {
			known := k.keys[key.Fingerprint]
			if known.version == 0 {
				continue
			}
			start := map[byte]int{4: 3, 6: 5}[known.version]
			again, err := readPublicKey(known.material[start:])
			if err != nil || again.fingerprint != key.Fingerprint {
				t.Errorf("%s is read again as %+v, %v", key.Fingerprint, again, err)
			}
			if len(key.Primaries) > 0 && (key.Fingerprint != laptop.fingerprint() || key.Primaries[0] != alice.fingerprint()) {
				t.Errorf("a forged binding: %+v", key)
			}
		}
	})
}

func checkPrintable(t *testing.T, k *Keyring) {
	for _, s := range k.Skipped() {
		if strings.ContainsFunc(s.Detail, unicode.IsControl) {
			t.Errorf("not to be printed: %q", s.Detail)
		}
	}
}
