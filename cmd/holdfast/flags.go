package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// mutuallyExclusive refuses a flag together with any of others; reason is part of the error. Shell completion then offers only
// one of them.
func mutuallyExclusive(cmd *cobra.Command, flag, reason string, others ...string) {
	for _, other := range others {
		cmd.MarkFlagsMutuallyExclusive(flag, other)
		validateFlags(cmd, func(given func(string) bool) error {
			if given(flag) && given(other) {
				return fmt.Errorf("--%s and --%s are mutually exclusive: %s", flag, other, reason)
			}
			return nil
		})
	}
}

// requireOneOf requires at least one of some flags; message is the error without it.
func requireOneOf(cmd *cobra.Command, message string, flags ...string) {
	cmd.MarkFlagsOneRequired(flags...)
	validateFlags(cmd, func(given func(string) bool) error {
		for _, flag := range flags {
			if given(flag) {
				return nil
			}
		}
		return errors.New(message)
	})
}

// requires refuses others without a flag.
func requires(cmd *cobra.Command, flag string, others ...string) {
	validateFlags(cmd, func(given func(string) bool) error {
		for _, other := range others {
			if given(other) && !given(flag) {
				return fmt.Errorf("--%s needs --%s", other, flag)
			}
		}
		return nil
	})
}

// validateFlags adds a check that runs before cobra's own, because cobra's messages give no reason.
func validateFlags(cmd *cobra.Command, check func(given func(string) bool) error) {
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
