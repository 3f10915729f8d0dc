#!/bin/sh
# fuzz.sh: run each fuzz target of the module for FUZZTIME. New targets are found
# by themselves.
set -eu
: "${GO:=go}" "${FUZZTIME:=3s}"
for package in $($GO list ./...); do
  dir=$($GO list -f '{{.Dir}}' "$package")
  { grep -hos '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go || true; } | sed 's/^func //' | sort -u | while read -r target; do
    echo "fuzz $target in $package for $FUZZTIME"
    $GO test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -parallel 2 </dev/null
  done
done
