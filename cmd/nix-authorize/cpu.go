package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/effort"
	"github.com/nix-authorize/nix-authorize/internal/hook"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// addCPU gives the flag --cpu to a command that judges.
func (a *app) addCPU(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.cpu, "cpu", "", "work on `N` cores at once (default: all that it may use)")
}

// useCores takes on what --cpu says.
func (a *app) useCores() error {
	if a.cpu == "" {
		return nil
	}
	n, err := effort.ParseCores(a.cpu)
	if err != nil {
		return outcome.UsageError(fmt.Errorf("--cpu: %w", err), fmt.Sprintf("there are %d to use; without --cpu all of them are", runtime.GOMAXPROCS(0)))
	}
	effort.UseCores(n)
	return nil
}

// takeOn is how hooks learn how much of the machine they may take.
func takeOn(pace hook.Pace) {
	effort.UseCores(pace.Cores)
	if pace.Low {
		effort.Lower()
	}
}
