#!/bin/sh
# pull.sh PROGRAM WORK COMMITS...: what "nix-authorize pull" adds to "git fetch", for
# generated histories of so many commits: with nothing new, and with 100 new commits.
# Histories are made once below WORK and kept. Figures are milliseconds of wall time,
# medians of 9 runs each.
set -eu
program=$1 work=$2
shift 2
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$work"
work=$(cd "$work" && pwd)
export HOME="$work/home" XDG_CACHE_HOME="$work/home/cache" XDG_STATE_HOME="$work/home/state" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME"

median() { sort -n | sed -n 5p; }
# ms COMMAND...: the wall time of a command
ms() {
  start=$(date +%s%N)
  "$@" >/dev/null 2>&1
  end=$(date +%s%N)
  echo $(((end - start) / 1000000))
}
value() { sed -n "s/^$1 //p" "$work/$commits.refs"; }

printf '%10s %28s %28s\n' commits 'nothing new: pull - fetch' '100 new: pull - fetch'
for commits in "$@"; do
  server=$work/$commits.git client=$work/$commits-client.git
  if [ ! -d "$server" ]; then
    (cd "$here" && go run ./bench/generate -commits "$commits") >"$work/pack" 2>"$work/$commits.refs"
    git init -q --bare -b main "$server"
    git --git-dir="$server" index-pack --stdin <"$work/pack" >/dev/null
    rm "$work/pack"
  fi
  git --git-dir="$server" update-ref refs/heads/main "$(value before)"
  if [ ! -d "$client" ]; then
    git clone -q --bare --no-local --single-branch -b main "file://$server" "$client"
    git --git-dir="$client" config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
    git --git-dir="$client" config nix-authorize.introduction "$(value introduction)"
    git --git-dir="$client" config nix-authorize.signer "$(value signer)"
  fi
  cd "$client"
  "$program" state forget -q "$server" >/dev/null 2>&1 || true
  git update-ref refs/heads/main "$(value before)"
  git update-ref -d refs/remotes/origin/main
  "$program" pull -q
  for _ in 1 2 3 4 5 6 7 8 9; do ms "$program" pull -q; done >"$work/pull"
  for _ in 1 2 3 4 5 6 7 8 9; do ms git fetch -q origin main; done >"$work/fetch"
  none=$(($(median <"$work/pull") - $(median <"$work/fetch")))

  git --git-dir="$server" update-ref refs/heads/main "$(value tip)"
  : >"$work/pull"
  : >"$work/fetch"
  for _ in 1 2 3 4 5 6 7 8 9; do
    rm -rf "$work/try.git" "$work/home/try"
    cp -rl "$client" "$work/try.git"
    cp -r "$work/home/cache" "$work/home/try"
    cd "$work/try.git"
    ms git fetch -q --no-write-fetch-head origin +main:refs/x/main >>"$work/fetch"
    rm -rf "$work/try.git"
    cp -rl "$client" "$work/try.git"
    cd "$work/try.git"
    XDG_STATE_HOME="$work/home/try-state" XDG_CACHE_HOME="$work/home/try" ms "$program" pull -q >>"$work/pull"
    rm -rf "$work/home/try-state"
  done
  new=$(($(median <"$work/pull") - $(median <"$work/fetch")))
  printf '%10s %26s ms %26s ms\n' "$commits" "$none" "$new"
done
