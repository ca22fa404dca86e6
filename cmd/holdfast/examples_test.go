package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	shell = regexp.MustCompile("(?s)```sh\n(.*?)```")
	// separator separates the commands of a line: pipes and conditions.
	separator = regexp.MustCompile(`\s*(\|\||&&|\|)\s*`)
	// ignored is a comment, or a redirection into a file.
	ignored = regexp.MustCompile(`\s+(#|>).*`)
	// needsCluster matches commands that read a live cluster.
	needsCluster = regexp.MustCompile(`--kubeconfig|--from-release|--from-existing|--bus |^import -[nA]`)
)

// programs lists the other programs in the documents, and where their commands are tested.
var programs = map[string]string{
	"base64":     "nowhere: decodes the output of kubectl",
	"cat":        "nowhere: joins files",
	"cd":         "nowhere: only precedes another command",
	"curl":       "nowhere: part of every system",
	"done":       "nowhere: ends a loop",
	"e2e/run.sh": "CI",
	"for":        "nowhere: begins a loop",
	"go":         "CI: tests and tools",
	"grep":       "nowhere: part of every system",
	"helm":       "e2e/chart and e2e/control",
	"kubectl":    "e2e/chart and e2e/control",
	"kubeseal":   "nowhere: part of another project",
	"make":       "TestTargets",
	"promtool":   "e2e/alerts, on the rules of the charts",
	"nats":       "e2e/chart, in the scripts of the chart",
}

// manifests is the content of manifests/ and of standard input.
const manifests = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 3
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers: [{name: store, image: example.org/store:1}]
`

// TestExamples runs every holdfast command in the documents and in the help, except those that read a live cluster. The commands run in a
// folder that has the repository's data and the files of a user: manifests/, nodes.yaml, storage.yaml, shop.yaml, verify.yaml, last.json and live.yaml.
func TestExamples(t *testing.T) {
	commands := slices.Compact(slices.Sorted(slices.Values(shownCommands(t))))
	dir := userFolder(t)
	t.Chdir(dir)
	ran := 0
	for _, command := range commands {
		program, args, _ := strings.Cut(command, " ")
		if program != "holdfast" {
			if programs[program] == "" {
				t.Errorf("%q: no test runs commands of %s", command, program)
			}
			continue
		}
		if needsCluster.MatchString(args) {
			continue
		}
		ran++
		var errOut bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), strings.NewReader(manifests), io.Discard, &errOut); code == exitBadInput || code == exitOther {
			t.Errorf("holdfast %s: %s", args, errOut.String())
		}
	}
	if ran < 20 {
		t.Errorf("only %d commands found", ran)
	}
}

// userFolder returns a folder with the repository's data and the files that the documents name.
func userFolder(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, source := range map[string]string{
		"golden": "golden", "stacks": "stacks", "values": "values", "docs/report.md": "docs/report.md",
		"shop.yaml": "stacks/web.yaml",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(root, source), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"manifests/store.yaml": manifests,
		"nodes.yaml":           "nodes:\n  - {name: a, count: 3, zone: a}\n",
		"storage.yaml":         "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: ebs.csi.aws.com}\n",
		"verify.yaml":          "survives: zone\n",
		"last.json":            `{"version": 1}`,
		"live.yaml":            "apiVersion: argoproj.io/v1alpha1\nkind: EventBus\nmetadata: {name: default, namespace: argo-events}\nspec: {kafka: {url: 'kafka:9092'}}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shownCommands returns the commands in the documents' sh blocks and in the examples of the help.
func shownCommands(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, file := range documents(t) {
		for _, block := range shell.FindAllStringSubmatch(readDocument(t, file), -1) {
			lines = append(lines, strings.Split(strings.ReplaceAll(block[1], "\\\n", ""), "\n")...)
		}
	}
	root := newRootCmd(streams{strings.NewReader(""), io.Discard, io.Discard})
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		lines = append(lines, strings.Split(strings.ReplaceAll(cmd.Example, "\\\n", ""), "\n")...)
	}
	var commands []string
	for _, line := range lines {
		line = ignored.ReplaceAllString(strings.TrimSpace(line), "")
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, command := range separator.Split(line, -1) {
			command = strings.Replace(command, "go run ./cmd/holdfast ", "holdfast ", 1)
			if command != "" {
				commands = append(commands, command)
			}
		}
	}
	return commands
}
