package authz

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// sshLine makes an authorized_keys line of what is behind the type in a key.
func sshLine(typ string, fields ...[]byte) string {
	var blob []byte
	for _, field := range append([][]byte{[]byte(typ)}, fields...) {
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(field))), field...)
	}
	return typ + " " + base64.StdEncoding.EncodeToString(blob)
}

// number is 0x00 or nothing, then a first byte, zeros and a last byte.
func number(length int, first, last byte) []byte {
	n := make([]byte, length)
	n[0], n[length-1] = first, last
	if first >= 0x80 {
		n = append([]byte{0}, n...)
	}
	return n
}

// nistPoint is the public key of a real one in testdata.
func nistPoint(t testing.TB, typ string) []byte {
	t.Helper()
	for _, line := range realSSHKeys(t) {
		if text, ok := strings.CutPrefix(line[0], typ+" "); ok {
			blob, _ := base64.StdEncoding.DecodeString(text)
			w := &sshWire{rest: blob}
			for range 2 {
				if _, err := w.next(); err != nil {
					t.Fatal(err)
				}
			}
			point, _ := w.next()
			return point
		}
	}
	t.Fatalf("no key of type %s", typ)
	return nil
}

// realSSHKeys are keys that ssh-keygen made, each with what ssh-keygen -l says.
func realSSHKeys(t testing.TB) [][2]string {
	t.Helper()
	content, err := os.ReadFile("testdata/authorizations/ssh-keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	var keys [][2]string
	for line := range strings.Lines(string(content)) {
		fingerprint, key, _ := strings.Cut(strings.TrimSpace(line), " ")
		keys = append(keys, [2]string{key, fingerprint})
	}
	return keys
}

func TestSSHKeyReal(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range realSSHKeys(t) {
		got, err := parseSSHKey(c[0])
		if err != nil || got != signer.Fingerprint(c[1]) {
			t.Errorf("%.60s…: %s, %v instead of %s", c[0], got, err, c[1])
		}
		typ, _, _ := strings.Cut(c[0], " ")
		seen[typ] = true
	}
	for typ := range sshTypes {
		if !seen[typ] {
			t.Errorf("no key of type %s was tried", typ)
		}
	}
}

func TestSSHKeyRefuses(t *testing.T) {
	const ed, sked, skec = "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
	const p256, p521, rsa = "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa"
	point, app := make([]byte, 32), []byte("ssh:")
	nist256, curve256 := nistPoint(t, p256), []byte("nistp256")
	offCurve := slices.Clone(nist256)
	offCurve[64] ^= 1
	e, n := []byte{1, 0, 1}, number(256, 0x80, 1)
	good := sshLine(ed, point)
	unpadded := strings.TrimRight(sshLine(sked, point, app), "=")

	for _, accepted := range []string{
		good, sshLine(sked, point, app), sshLine(rsa, e, n), sshLine(rsa, []byte{3}, number(2048, 0x80, 1)), sshLine(p256, curve256, nist256), sshLine(skec, curve256, nist256, app),
	} {
		if _, err := parseSSHKey(accepted); err != nil {
			t.Errorf("%.60s…: %v", accepted, err)
		}
	}
	for _, c := range []struct{ name, text, detail string }{
		{"empty", "", "is not a key type and a key"},
		{"type alone", ed, "is not a key type and a key"},
		{"key alone", strings.TrimPrefix(good, ed+" "), "is not a key type and a key"},
		{"unknown type", sshLine("ssh-dss", point), `"ssh-dss" is not a supported SSH key type (ecdsa-sha2-nistp256, `},
		{"certificate", sshLine("ssh-ed25519-cert-v01@openssh.com", point), "is not a supported SSH key type"},
		{"options", `restrict ` + good, `"restrict" is not a supported SSH key type`},
		{"type in upper case", "SSH-" + good[4:], "is not a supported SSH key type"},
		{"comment", good + " bob@host", "there is text behind the SSH key"},
		{"space behind", good + " ", "there is text behind the SSH key"},
		{"two spaces", strings.Replace(good, " ", "  ", 1), "there is text behind the SSH key"},
		{"tab between", strings.Replace(good, " ", "\t", 1), "is not a key type and a key"},
		{"no base64", ed + " !!!!", "is not base64"},
		{"URL base64", ed + " ____", "is not base64"},
		{"line break in the base64", good[:40] + "\n" + good[40:], "is not base64"},
		{"line break behind", good + "\n", "is not base64"},
		{"without padding", unpadded, "is not base64"},
		{"stray bits in the last character", unpadded[:len(unpadded)-1] + "p=", "is not base64"},
		{"empty blob", ed + " ", "it is cut short"},
		{"other type inside", ed + " " + strings.Fields(sshLine(sked, point, app))[1], `inside it is a key of type "sk-ssh-ed25519@openssh.com"`},
		{"length beyond the end", ed + " /////w==", "it is cut short"},
		{"no point", sshLine(ed), "it is cut short"},
		{"short point", sshLine(ed, point[1:]), "its point has 31 bytes instead of 32"},
		{"long point", sshLine(ed, append(point, 0)), "its point has 33 bytes instead of 32"},
		{"bytes behind", sshLine(ed, point, nil), "4 bytes follow it"},
		{"FIDO key without application", sshLine(sked, point), "it is cut short"},
		{"FIDO key with an empty application", sshLine(sked, point, nil), "its application is empty"},
		{"FIDO key with a short point", sshLine(sked, point[1:], app), "its point has 31 bytes"},
		{"FIDO key with bytes behind", sshLine(sked, point, app, app), "8 bytes follow it"},
		{"FIDO ECDSA key off the curve", sshLine(skec, curve256, offCurve, app), "not one on the curve nistp256"},
		{"FIDO ECDSA key without application", sshLine(skec, curve256, nist256), "it is cut short"},
		{"other curve", sshLine(p256, []byte("nistp384"), nist256), `its curve is "nistp384" instead of nistp256`},
		{"curve without point", sshLine(p256, curve256), "it is cut short"},
		{"no curve", sshLine(p256), "it is cut short"},
		{"point off the curve", sshLine(p256, curve256, offCurve), "not one on the curve nistp256"},
		{"point of another curve", sshLine(p521, []byte("nistp521"), nist256), "not one on the curve nistp521"},
		{"compressed point", sshLine(p256, curve256, append([]byte{2 + nist256[64]&1}, nist256[1:33]...)), "not one on the curve nistp256"},
		{"point at infinity", sshLine(p256, curve256, []byte{0}), "not one on the curve nistp256"},
		{"ECDSA key with bytes behind", sshLine(p256, curve256, nist256, nil), "4 bytes follow it"},
		{"RSA of 2047 bits", sshLine(rsa, e, number(256, 0x7F, 1)), "its modulus is not an odd number of 2048 to 16384 bits"},
		{"RSA of 1024 bits", sshLine(rsa, e, number(128, 0x80, 1)), "its modulus"},
		{"RSA of 16385 bits", sshLine(rsa, e, number(2049, 1, 1)), "its modulus"},
		{"even modulus", sshLine(rsa, e, number(256, 0x80, 2)), "its modulus"},
		{"negative modulus", sshLine(rsa, e, n[1:]), "is not a positive one in canonical form"},
		{"modulus with a zero too many", sshLine(rsa, e, append([]byte{0}, n...)), "is not a positive one in canonical form"},
		{"no modulus", sshLine(rsa, e), "it is cut short"},
		{"exponent 1", sshLine(rsa, []byte{1}, n), "its exponent"},
		{"even exponent", sshLine(rsa, []byte{4}, n), "its exponent"},
		{"exponent zero", sshLine(rsa, nil, n), "is not a positive one in canonical form"},
		{"exponent of one zero byte", sshLine(rsa, []byte{0}, n), "is not a positive one in canonical form"},
		{"exponent of 25 bits", sshLine(rsa, []byte{1, 0, 0, 1}, n), "its exponent"},
		{"RSA with bytes behind", sshLine(rsa, e, n, nil), "4 bytes follow it"},
	} {
		got, err := parseSSHKey(c.text)
		if err == nil || got != "" || !strings.Contains(err.Error(), c.detail) {
			t.Errorf("%s: %q, %v instead of an error with %q", c.name, got, err, c.detail)
		}
	}
}

// TestSSHKeyHasOneText changes each character of a key: what is still accepted
// is another key.
func TestSSHKeyHasOneText(t *testing.T) {
	for i := range sshBob {
		for _, c := range "Aab/+= \n\x00" {
			text := sshBob[:i] + string(c) + sshBob[i+1:]
			if got, err := parseSSHKey(text); err == nil && text != sshBob && got == fpBob {
				t.Errorf("%q is bob's key too", text)
			}
		}
	}
}
