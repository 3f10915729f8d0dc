package keyring

import "testing"

func BenchmarkCheck(b *testing.B) {
	alice, laptop := forge("alice"), forge("laptop")
	k := New(marry(alice, laptop).file())
	pgp := []byte(enarmorLines(newForgery(laptop).packet(document), 64, true))
	ssh := []byte(newSSHForgery(sshForgers()["ssh-ed25519"]).armor(document))
	for name, armor := range map[string][]byte{"OpenPGP": pgp, "SSH": ssh} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if k.Check(document, armor).Problem != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
