package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// apart refuses a flag beside each of others, and says why. Completion knows of it, too.
func apart(cmd *cobra.Command, flag, why string, others ...string) {
	for _, other := range others {
		cmd.MarkFlagsMutuallyExclusive(flag, other)
		checkFirst(cmd, func(given func(string) bool) error {
			if given(flag) && given(other) {
				return fmt.Errorf("--%s and --%s cannot be together: %s: leave one of them out", flag, other, why)
			}
			return nil
		})
	}
}

// oneOf asks for one flag at least of some.
func oneOf(cmd *cobra.Command, question string, flags ...string) {
	cmd.MarkFlagsOneRequired(flags...)
	checkFirst(cmd, func(given func(string) bool) error {
		for _, flag := range flags {
			if given(flag) {
				return nil
			}
		}
		return errors.New(question)
	})
}

// checkFirst lets a check come before those of cobra, which names groups of flags where ours says what to do.
func checkFirst(cmd *cobra.Command, check func(given func(string) bool) error) {
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if before != nil {
			if err := before(cmd, args); err != nil {
				return err
			}
		}
		return check(cmd.Flags().Changed)
	}
}
