# Two commands do all their own set-up on a machine with Go and git:
#
#   make demo   build, verify a small recorded repository, see an attack refused
#   make test   everything that must hold: vet, staticcheck, tests under the race
#               detector, what a verdict costs in allocations (counted without it),
#               and a few seconds of each fuzz target
#
# and one that takes ten minutes:
#
#   make bench  measure the program, and write docs/benchmarks.md

GO ?= go
FUZZTIME ?= 3s

.PHONY: build demo test vet fuzz bench
.DEFAULT_GOAL := build

build:
	$(GO) build -o build/nix-authorize ./cmd/nix-authorize

demo: build
	sh testdata/repos/demo.sh build/nix-authorize build/demo

test: vet
	GORACE=atexit_sleep_ms=0 $(GO) test -race -timeout 20m ./...
	$(GO) test -run 'TestCost|TestWork' ./authz ./bench/history
	FUZZTIME=$(FUZZTIME) GO=$(GO) sh testdata/fuzz.sh
	@echo "make test: all passed"

vet:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:" $$unformatted; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

fuzz:
	FUZZTIME=60s GO=$(GO) sh testdata/fuzz.sh

bench:
	$(GO) run ./bench run -docs $(BENCHFLAGS)
