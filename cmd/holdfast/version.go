package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set at link time; a build from a module's release knows its own.
var version = ""

type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"`
	Go      string `json:"go"`
}

func newVersionCmd(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of holdfast",
		Example: "  holdfast version\n  holdfast version -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info := currentVersion()
			if asJSON {
				return printJSON(s.out, info)
			}
			_, err := fmt.Fprintf(s.out, "holdfast %s (%s)\n", info.Version, info.Go)
			return err
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func currentVersion() versionInfo {
	info := versionInfo{Version: version, Go: runtime.Version()}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Date = s.Value
		}
	}
	if info.Version == "" {
		info.Version = build.Main.Version
	}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = "devel"
	}
	return info
}

// jsonFlag is the value of -o where a command has a table and JSON.
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
		return fmt.Errorf("%q is neither text nor json", v)
	}
	*f.on = v == "json"
	return nil
}

func addJSONFlag(cmd *cobra.Command, on *bool) {
	cmd.Flags().VarP(jsonFlag{on}, "output", "o", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

func printJSON(out interface{ Write([]byte) (int, error) }, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
