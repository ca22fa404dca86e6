package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is the value of a flag that takes one of a few words, the first unless it is given.
type choice struct {
	of    []string
	value *string
}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}
func (c choice) Type() string { return strings.Join(c.of, "|") }
func (c choice) Set(v string) error {
	if !slices.Contains(c.of, v) {
		return fmt.Errorf("%q is none of %s", v, strings.Join(c.of, ", "))
	}
	*c.value = v
	return nil
}

// addOutputFlag adds -o with the formats that a command has, and their completion.
func addOutputFlag(cmd *cobra.Command, format *string, formats ...string) {
	*format = formats[0]
	last := len(formats) - 1
	cmd.Flags().VarP(choice{formats, format}, "output", "o", strings.Join(formats[:last], ", ")+" or "+formats[last])
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}
