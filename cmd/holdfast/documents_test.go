package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxReadme is the maximum length of README.md in lines.
const maxReadme = 120

// TestShownOutput checks blocks of the documents that begin with "$ holdfast": the command prints the block, its lines in this order.
func TestShownOutput(t *testing.T) {
	pages := map[string]string{}
	for _, file := range documents(t) {
		pages[file] = readDocument(t, file)
	}
	t.Chdir("../..")
	blocks := 0
	for file, text := range pages {
		for _, block := range strings.Split(text, "```console\n$ holdfast ")[1:] {
			blocks++
			block, _, _ = strings.Cut(block, "\n```")
			args, shown, _ := strings.Cut(block, "\n")
			var out, errOut bytes.Buffer
			if code := run(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errOut); code == exitBadInput || code == exitOther {
				t.Fatalf("holdfast %s: %s", args, errOut.String())
			}
			if !strings.Contains("\n"+out.String(), "\n"+shown+"\n") {
				t.Errorf("%s shows this, which is no part of what holdfast %s prints:\n%s\nIt prints:\n%s", file, args, shown, out.String())
			}
		}
	}
	if blocks < 2 {
		t.Errorf("only %d blocks found", blocks)
	}
}

// TestReadme checks the length of the README, and that it has every row of the generated table of profiles in the chart's README.
func TestReadme(t *testing.T) {
	readme := readDocument(t, "README.md")
	if lines := strings.Count(readme, "\n"); lines > maxReadme {
		t.Errorf("the README has %d lines, at most %d are allowed: move details to docs/", lines, maxReadme)
	}
	rows := 0
	profiles, _, _ := strings.Cut(readDocument(t, "charts/argo-events/README.md"), "\n## Components\n")
	for row := range strings.SplitSeq(profiles, "\n") {
		if !strings.HasPrefix(row, "| `") {
			continue
		}
		rows++
		if !strings.Contains(readme, row+"\n") {
			t.Errorf("the README's table of profiles should have the row\n%s", row)
		}
	}
	if rows != 3 {
		t.Errorf("%d profiles found in the chart's README, want 3", rows)
	}
}

// TestTargets checks that every make target in the documents exists.
func TestTargets(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range documents(t) {
		text := readDocument(t, file)
		for _, target := range regexp.MustCompile("(?m)(?:^|`)make ([a-z0-9-]+)").FindAllStringSubmatch(text, -1) {
			if !bytes.Contains(makefile, []byte("\n"+target[1]+":")) {
				t.Errorf("%s: the Makefile has no target %s", file, target[1])
			}
		}
	}
}

// TestLinks checks that every relative link in the documents leads to a file.
func TestLinks(t *testing.T) {
	for _, file := range documents(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(readDocument(t, file), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(file), link[1])); err != nil {
				t.Errorf("%s: broken link %s", file, link[1])
			}
		}
	}
}

// TestPaths checks that every path of the repository in the documents exists. Names in capital letters are placeholders.
func TestPaths(t *testing.T) {
	paths := regexp.MustCompile("`((?:charts|cmd|docs|e2e|generator|golden|internal|profiles|stacks|values|verify)/[A-Za-z0-9_.*/-]+)`")
	for _, file := range documents(t) {
		for _, match := range paths.FindAllStringSubmatch(readDocument(t, file), -1) {
			path := match[1]
			for strings.ToLower(path) != path {
				path = filepath.Dir(path)
			}
			if found, err := filepath.Glob(filepath.Join("../..", path)); err != nil || len(found) == 0 {
				t.Errorf("%s: %s does not exist", file, match[1])
			}
		}
	}
}

// TestNamedTests checks that every test in a go test command of CONTRIBUTING.md exists.
func TestNamedTests(t *testing.T) {
	commands := regexp.MustCompile(`go test \./(\S+) -run (\w+)`).FindAllStringSubmatch(readDocument(t, "CONTRIBUTING.md"), -1)
	if len(commands) == 0 {
		t.Fatal("no commands found")
	}
	for _, command := range commands {
		if !hasTest(t, command[1], command[2]) {
			t.Errorf("CONTRIBUTING.md: %s has no test %s", command[1], command[2])
		}
	}
}

// TestProofs checks that every test and every list of scenarios in docs/promises.md exists.
func TestProofs(t *testing.T) {
	text := readDocument(t, "docs/promises.md")
	proofs := regexp.MustCompile("((?:`Test\\w+`(?:, | and )?)+) in `([a-z0-9/]+)`").FindAllStringSubmatch(text, -1)
	scenarios := regexp.MustCompile("scenario `(\\w+)` in `e2e/live`").FindAllStringSubmatch(text, -1)
	if len(proofs) == 0 || len(scenarios) == 0 {
		t.Fatal("no proofs found")
	}
	named := 0
	for _, proof := range proofs {
		for _, test := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(proof[1], -1) {
			named++
			if !hasTest(t, proof[2], test[1]) {
				t.Errorf("docs/promises.md: %s has no test %s", proof[2], test[1])
			}
		}
	}
	if all := len(regexp.MustCompile("`Test").FindAllString(text, -1)); named != all {
		t.Errorf("docs/promises.md: %d of %d tests are named with their package", named, all)
	}
	lists := readDocument(t, "e2e/live/lists.go")
	for _, scenario := range scenarios {
		if !strings.Contains(lists, "\t\""+scenario[1]+"\": {") {
			t.Errorf("docs/promises.md: e2e/live has no scenarios %s", scenario[1])
		}
	}
}

// hasTest reports whether a package has a test.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && bytes.Contains(text, []byte("\nfunc "+name+"(t *testing.T)"))
	})
}

// documents lists the handwritten pages with commands, relative to the repository's root.
func documents(t *testing.T) []string {
	t.Helper()
	files := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/README.md", "docs/limits.md", "docs/promises.md", "docs/kustomize/README.md"}
	for _, pattern := range []string{"docs/guides/*.md", "docs/decisions/*.md", "docs/runbooks/*.md", "docs/operations/*.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no pages found (%v)", pattern, err)
		}
		for _, file := range found {
			files = append(files, strings.TrimPrefix(filepath.ToSlash(file), "../../"))
		}
	}
	return files
}

func readDocument(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
