#!/bin/sh
# record-short-eddsa.sh: make short-eddsa.bundle and short-eddsa.introduction anew: a
# history whose last commit has an EdDSA signature one number of which is shorter
# than 31 bytes. That happens once in about 30,000 signatures, so this takes
# minutes, and the tests use what it has recorded.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'gpgconf --homedir "$work/gnupg" --kill all; rm -rf "$work"' EXIT
export GNUPGHOME="$work/gnupg" HOME="$work" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Alice GIT_AUTHOR_EMAIL=alice@example.org GIT_COMMITTER_NAME=Alice GIT_COMMITTER_EMAIL=alice@example.org
export GIT_AUTHOR_DATE='1600000000 +0000' GIT_COMMITTER_DATE='1600000000 +0000'
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Alice <alice@example.org>' ed25519 sign never
key=$(gpg --batch --with-colons --list-keys alice | awk -F: '/^fpr/ {print $10; exit}')

git init -q --initial-branch=main "$work/repo"
cd "$work/repo"
git checkout -q --orphan keyring
gpg --armor --export "$key" >alice.key
git add alice.key
git commit -q -m Keys
git checkout -q --orphan main
git rm -q -f --cached alice.key
rm alice.key
printf '(authorizations (version 0) (("%s" (name "alice"))))\n' "$key" >.guix-authorizations
git add .
git -c user.signingKey="$key" commit -q -S -m Introduction
introduction=$(git rev-parse HEAD)

# The longest signature has two numbers of 32 bytes. Two bytes less are a number of
# 30, or two of 31: gpg tells.
payload() {
  printf 'tree %s\nparent %s\nauthor Alice <alice@example.org> 1600000000 +0000\ncommitter Alice <alice@example.org> 1600000000 +0000\n%s\nShort\n\nTry %s\n' \
    "$(git rev-parse 'HEAD^{tree}')" "$introduction" "$1" "$2"
}
longest=0 try=0
payload '' TRY >"$work/template"
while :; do
  try=$((try + 1))
  sed "s/^Try TRY\$/Try $try/" "$work/template" >"$work/payload"
  gpg --batch --quiet --detach-sign --local-user "$key" --output - "$work/payload" >"$work/signature"
  size=$(wc -c <"$work/signature")
  [ "$size" -gt "$longest" ] && longest=$size
  [ "$size" -gt $((longest - 2)) ] && continue
  [ "$try" -lt 100 ] && continue
  bits=$(gpg --list-packets "$work/signature" | sed -n 's/.*data: \[\([0-9]*\) bits\].*/\1/p' | sort -n | head -1)
  [ "$bits" -le 240 ] && break
done
armor=$(gpg --enarmor --output - "$work/signature" 2>/dev/null | sed -e 's/PGP ARMORED FILE/PGP SIGNATURE/' -e '/^Comment:/d')
commit=$(payload "gpgsig $(printf '%s' "$armor" | sed '2,$s/^/ /')
" "$try" | git hash-object -t commit -w --stdin)
git verify-commit "$commit"
git update-ref refs/heads/main "$commit"
git bundle create -q "$here/short-eddsa.bundle" main keyring
echo "$introduction $key" >"$here/short-eddsa.introduction"
