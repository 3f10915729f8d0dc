#!/bin/sh
# fuzz.sh: run each fuzz target of the module for FUZZTIME. New targets are found
# by themselves.
#
# A run that fails is made once more. Go's fuzzer sometimes takes its own deadline for
# a failure ("context deadline exceeded"). What really fails has
# been written to testdata/fuzz and fails again, as it will in every later test run.
set -eu
: "${GO:=go}" "${FUZZTIME:=3s}"

fuzz() { # PACKAGE TARGET
  echo "fuzz $2 in $1 for $FUZZTIME"
  $GO test "$1" -run "^$2\$" -fuzz "^$2\$" -fuzztime "$FUZZTIME" -parallel 2 </dev/null
}

for package in $($GO list ./...); do
  dir=$($GO list -f '{{.Dir}}' "$package")
  { grep -hos '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go || true; } | sed 's/^func //' | sort -u | while read -r target; do
    fuzz "$package" "$target" || fuzz "$package" "$target"
  done
done
