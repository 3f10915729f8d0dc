package introductions

import "strings"

// CommandLine is the command that makes a clone with this introduction, to be
// pasted into a shell or a README.
func (e *Entry) CommandLine() string {
	words := []string{"nix-authorize", "clone", e.URL}
	for _, option := range []struct{ name, value string }{
		{"branch", e.Branch}, {"introduction", e.Introduction.Commit.String()}, {"signer", string(e.Introduction.Signer)},
		{"keyring", e.Keyring}, {"authorizations", string(e.Introduction.Format)}, {"max-age", maxAgeText(e)},
	} {
		if option.value != "" {
			words = append(words, "--"+option.name, option.value)
		}
	}
	for i, word := range words {
		words[i] = shellQuoted(word)
	}
	return strings.Join(words, " ")
}

// shellQuoted is a word as a POSIX shell reads it back.
func shellQuoted(word string) string {
	special := func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("@%+=:,./_-", r) }
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
