package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is the value of a flag with a fixed set of values.
type choice struct {
	allowed []string
	value   *string
}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}
func (c choice) Type() string { return strings.Join(c.allowed, "|") }
func (c choice) Set(v string) error {
	if !slices.Contains(c.allowed, v) {
		return fmt.Errorf("%q is unknown: use one of %s", v, strings.Join(c.allowed, ", "))
	}
	*c.value = v
	return nil
}

// addOutputFlag adds -o with the formats of a command, and their completion. The first format is the default.
func addOutputFlag(cmd *cobra.Command, format *string, formats ...string) {
	*format = formats[0]
	last := len(formats) - 1
	cmd.Flags().VarP(choice{formats, format}, "output", "o", strings.Join(formats[:last], ", ")+" or "+formats[last])
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// addJSONFlag adds -o with the formats text and JSON.
func addJSONFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().VarP(jsonFlag{asJSON}, "output", "o", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// jsonFlag is the value of -o for a command with text and JSON.
type jsonFlag struct{ on *bool }

func (f jsonFlag) String() string {
	if f.on != nil && *f.on {
		return "json"
	}
	return "text"
}
func (jsonFlag) Type() string { return "text|json" }
func (f jsonFlag) Set(v string) error {
	if v != "text" && v != "json" {
		return fmt.Errorf("%q is unknown: use text or json", v)
	}
	*f.on = v == "json"
	return nil
}

// printResult writes a value as JSON, or with its text function.
func printResult(out io.Writer, asJSON bool, value any, text func(io.Writer) error) error {
	if asJSON {
		return printJSON(out, value)
	}
	return text(out)
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
