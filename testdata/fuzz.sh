#!/bin/sh
# fuzz.sh: run each fuzz target of the module for FUZZTIME. New targets are found
# by themselves.
set -eu
: "${GO:=go}" "${FUZZTIME:=3s}"
for package in $($GO list ./...); do
  dir=$($GO list -f '{{.Dir}}' "$package")
  for target in $(grep -hos '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u); do
    echo "fuzz $target in $package for $FUZZTIME"
    $GO test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -parallel 2
  done
done
