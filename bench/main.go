// Command bench generates signed histories of any length and measures the program with
// them.
//
//	go run ./bench generate -commits 1000000 DIR
//	go run ./bench run -docs
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: go run ./bench COMMAND [flags]

  generate   write a signed history as a bare repository
  run        measure the program with such histories, and show what comes out
  report     show again what the last run has measured

"go run ./bench COMMAND -h" shows the flags.
`

// commands are what the program can do.
var commands = map[string]func(context.Context, []string) error{
	"generate": generate,
	"run":      measureAll,
	"report":   showAgain,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends what does not end soon
	err := run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return flag.ErrHelp
	}
	return commands[args[0]](ctx, args[1:])
}
