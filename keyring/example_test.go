package keyring_test

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/keyring"
)

func ExampleKeyring_Check() {
	keys := keyring.New([]keyring.File{{Name: "alice.key", Content: []byte(`-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEWWgvABYJKwYBBAHaRw8BAQdA1b9KP8znF7A4i8wnSevBSK2ZabI/Re4bYF/V
h3hXasQ=
=J6Bt
-----END PGP PUBLIC KEY BLOCK-----
`)}})
	signature := []byte(`-----BEGIN PGP SIGNATURE-----

iHUEABYKAB0WIQRGUWjmGw2wLNVJxXZRgooSC3ORNAUCYAAAAAAKCRBRgooSC3OR
NIAVAPsH7XhYJL2NL9BCVPfpnkq/nbAsiVooOBL6O/rnL43nowD9FJ6ozhbs0zZa
9tksGJHXPSvVhtifDeChFWiL6xnR4Ao=
=VPki
-----END PGP SIGNATURE-----
`)
	fmt.Println(keys.Check([]byte("hello\n"), signature).Identity.Key)
	fmt.Println(keys.Check([]byte("Hello\n"), signature).Problem.Detail)
	fmt.Println(keyring.New(nil).Check([]byte("hello\n"), signature).Problem.Detail)
	// Output:
	// 465168E61B0DB02CD549C57651828A120B739134
	// the key that it names did not make it over this content
	// the key that it names is not in the keyring
}
