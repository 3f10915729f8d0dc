#!/bin/sh
# demo.sh PROGRAM DIRECTORY: verify the recorded repository, then see an attack
# refused. Everything is made anew in DIRECTORY.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
rm -rf "$2"
mkdir -p "$2/home"
cd "$2"
export HOME="$PWD/home" XDG_CACHE_HOME="$PWD/home/cache" XDG_STATE_HOME="$PWD/home/state" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

say() { printf '\n$ %s\n' "$*"; }
nix_authorize() {
  say nix-authorize "$@"
  "$program" "$@"
}

echo "A small repository, recorded in testdata/repos/demo.bundle:"
git clone -q "$here/demo.bundle" hello 2>/dev/null
cd hello
git log --graph --format='%h %an: %s'

echo
echo "Its introduction, which a project publishes on its web page:"
read -r commit signer <"$here/demo.introduction"
nix_authorize trust "$commit" "$signer"
nix_authorize verify --stats

echo
echo "Now somebody who controls the server adds a commit, signed with a key of their own:"
status=0
nix_authorize verify origin/attack || status=$?
if [ "$status" != 1 ]; then
  echo "the attack should have been refused with exit code 1, not $status" >&2
  exit 1
fi
echo
echo "The attack was refused (exit code 1)."
