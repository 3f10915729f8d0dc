package gitcli

import "testing"

func TestParseVersion(t *testing.T) {
	for line, want := range map[string]string{
		"git version 2.39.5\n":                  "2.39",
		"git version 2.39.5 (Apple Git-154)\n":  "2.39",
		"git version 2.47.1.windows.1\n":        "2.47",
		"git version 2.38.GIT\n":                "2.38",
		"git version 2.38.0.rc1.10.gabcdef\n":   "2.38",
		"git version 10.2.3\n":                  "10.2",
		"":                                      "",
		"git version\n":                         "",
		"git version two\n":                     "",
		"2.39.5\n":                              "",
		"git version -1.5\n":                    "",
		"git version 99999999999999999999.1.1":  "",
		"hello\x1b[31m git version 2.39.5 \x00": "",
	} {
		version, err := parseVersion(line)
		if want == "" && err == nil || want != "" && (err != nil || version.String() != want) {
			t.Errorf("parseVersion(%q) is %s, %v", line, version, err)
		}
	}
}

func TestVersionsAreOrdered(t *testing.T) {
	ordered := []Version{{1, 9}, {2, 0}, {2, 9}, {2, 38}, {2, 39}, {3, 0}, {10, 1}}
	for i, a := range ordered {
		for j, b := range ordered {
			if a.Before(b) != (i < j) {
				t.Errorf("%s before %s: %v", a, b, a.Before(b))
			}
		}
	}
}

func TestInstalledVersion(t *testing.T) {
	version, err := InstalledVersion(t.Context())
	if err != nil || version.Before(Version{2, 0}) {
		t.Errorf("version is %s, %v", version, err)
	}
}
