// Package holdfast_test checks which package may import which.
package holdfast_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/holdfast-ha/holdfast/"

// arrows lists the packages of this module that each package may import. A package without an entry fails the test. Imports only
// point down: from cmd to generator and verify, and from these to the packages below them. verify never imports generator.
var arrows = map[string][]string{
	"cmd/holdfast": {"generator", "generator/backup", "generator/folder", "generator/ha", "generator/importer", "generator/inspect", "generator/kustomize", "generator/manifest", "generator/plan", "generator/profile", "generator/render", "generator/secrets", "generator/stack", "internal/plain", "internal/similar", "internal/startup", "internal/table", "preflight", "preflight/snapshot",
		"verify", "verify/apiserver", "verify/availability", "verify/cluster", "verify/config", "verify/live", "verify/maintenance", "verify/manifest", "verify/report", "verify/rules", "verify/survival", "verify/survival/sim", "verify/verdict", "verify/workload"},

	"generator":                   {"generator/chart", "generator/ha", "generator/importer", "generator/kustomize", "generator/manifest", "generator/plan", "generator/profile", "generator/render", "generator/secrets", "generator/stack", "internal/similar", "profiles", "stacks"},
	"generator/kustomize":         {"generator/ha", "generator/manifest", "generator/profile", "generator/stack"},
	"generator/plan":              {"generator/manifest", "internal/table"},
	"generator/importer":          {"generator/manifest", "internal/plain", "internal/table", "stacks"},
	"generator/inspect":           {"generator/plan", "internal/kubeconfig"},
	"generator/backup":            {"generator/inspect"},
	"generator/render":            {"generator/chart", "generator/manifest", "internal/kubeconfig", "internal/strict"},
	"generator/render/checkstest": {"stacks"}, // imported by tests only
	"generator/chart":             {"generator/ha", "generator/manifest", "generator/profile", "generator/schema", "generator/stack"},
	"generator/ha":                {"generator/profile", "generator/stack"},
	"generator/stack":             {"internal/similar", "internal/strict"},
	"generator/profile":           {"internal/strict"},
	"generator/manifest":          {},
	"generator/folder":            {},
	"generator/secrets":           {},
	"generator/schema":            {},

	"verify":                        {"verify/apiserver", "verify/cluster", "verify/config", "verify/guarantee", "verify/maintenance", "verify/manifest", "verify/models", "verify/report", "verify/rules", "verify/survival", "verify/survival/sim", "verify/verdict", "verify/workload"},
	"verify/verdict":                {"verify/cluster", "verify/guarantee", "verify/manifest", "verify/operators", "verify/report", "verify/rules", "verify/rules/facts", "verify/survival", "verify/workload"},
	"verify/maintenance":            {"internal/table", "verify/cluster", "verify/guarantee", "verify/survival", "verify/survival/sim", "verify/workload"},
	"verify/report":                 {"internal/plain", "internal/table"},
	"verify/report/reporttest":      {"verify", "verify/cluster", "verify/report", "verify/verdict", "verify/verifytest"}, // imported by tests only
	"verify/rules":                  {"stacks", "verify/operators/argoevents", "verify/cluster", "verify/manifest", "verify/placement", "verify/rules/facts", "verify/workload"},
	"verify/rules/facts":            {"internal/labelindex", "verify/cluster", "verify/manifest", "verify/models", "verify/operators/argoevents", "verify/placement", "verify/storage", "verify/workload"},
	"verify/placement":              {},
	"verify/availability":           {"internal/strict", "internal/table", "verify/cluster", "verify/placement", "verify/survival", "verify/workload"},
	"verify/guarantee":              {"internal/labelindex", "verify/cluster", "verify/placement", "verify/storage", "verify/workload"},
	"verify/survival":               {"verify/admission", "verify/cluster", "verify/placement", "verify/storage", "verify/survival/sim", "verify/workload"},
	"verify/survival/sim":           {"internal/labelindex", "verify/admission", "verify/cluster", "verify/placement", "verify/storage", "verify/survival/sim/scheduler", "verify/workload"},
	"verify/survival/sim/scheduler": {"internal/labelindex", "verify/placement"},
	"verify/survival/sim/simtest":   {"verify/cluster", "verify/verifytest", "verify/workload"}, // imported by tests only
	"verify/operators":              {"verify/operators/*", "verify/operators/operator"},
	"verify/operators/*":            {"verify/manifest", "verify/operators/operator"},
	"verify/operators/operator":     {"verify/manifest"},
	"verify/models":                 {"internal/strict"},
	"verify/workload":               {"verify/apiserver", "verify/manifest", "verify/models", "verify/operators", "verify/operators/argoevents", "verify/operators/operator", "verify/operators/rollouts", "verify/storage"},
	"verify/storage":                {"verify/manifest"},
	"verify/admission":              {"verify/manifest", "verify/placement", "verify/workload"},
	"verify/cluster":                {"internal/strict", "verify/apiserver", "verify/manifest"},
	"verify/config":                 {"internal/similar", "internal/strict", "verify/cluster", "verify/verdict", "verify/workload"},
	"verify/live":                   {"internal/kubeconfig", "verify/cluster", "verify/manifest", "verify/operators"},
	"verify/apiserver":              {"internal/similar", "verify/manifest"},
	"verify/manifest":               {"internal/plain", "internal/strict"},
	"verify/verifytest":             {"verify/manifest", "verify/workload"}, // imported by tests only

	"preflight":          {"internal/plain", "internal/similar", "internal/table", "preflight/checks", "preflight/snapshot", "verify/cluster", "verify/live"},
	"preflight/checks":   {"preflight/snapshot", "verify/admission", "verify/cluster", "verify/placement", "verify/storage", "verify/survival/sim/scheduler", "verify/workload"},
	"preflight/snapshot": {"verify/live", "verify/manifest", "verify/workload"},

	"internal/kubeconfig": {},
	"internal/labelindex": {},
	"internal/plain":      {},
	"internal/release":    {},
	"internal/similar":    {},
	"internal/startup":    {},
	"internal/strict":     {"internal/similar"},
	"internal/table":      {"internal/plain"},

	"profiles": {},
	"stacks":   {},
	"golden":   {"generator", "generator/manifest", "generator/render", "internal/strict"},
}

// operators is the folder with a package per operator. One entry of arrows is for all of them: operators + "*".
const operators = "verify/operators/"

// restricted lists the libraries that only some packages may import.
var restricted = map[string][]string{
	"helm.sh/helm/":           {"generator/render"},
	"sigs.k8s.io/kustomize/":  {"generator/kustomize"},
	"k8s.io/kubernetes/":      {"verify/admission", "verify/apiserver", "verify/survival/sim/scheduler", "verify/workload"}, // verify/workload: defaults, and fields that controllers add to pods
	"github.com/spf13/cobra":  {"cmd/holdfast"},
	"github.com/Masterminds/": {"generator/chart"},
	"github.com/owenrumney/":  {"verify/report"},
	"github.com/nats-io/":     {"generator/backup", "generator/inspect"},
	"github.com/Knetic/":      {operators + "*"}, // filters of sensors
	"github.com/antonmedv/":   {operators + "*"}, // filters of event sources
}

func TestImportsPointDown(t *testing.T) {
	seen := map[string]bool{}
	for file, imports := range sources(t) {
		pkg := filepath.ToSlash(filepath.Dir(file))
		if strings.HasPrefix(pkg, operators) && arrows[pkg] == nil {
			pkg = operators + "*"
		}
		allowed, ok := arrows[pkg]
		if !ok {
			t.Errorf("%s: package %s has no entry in arrows: add its imports", file, pkg)
			continue
		}
		seen[pkg] = true
		for _, path := range imports {
			own, ok := strings.CutPrefix(path, module)
			if strings.HasPrefix(own, operators) && slices.Contains(allowed, operators+"*") {
				continue
			}
			if ok && !slices.Contains(allowed, own) {
				t.Errorf("%s: %s may not import %s", file, pkg, own)
			}
			for library, users := range restricted {
				if strings.HasPrefix(path, library) && !slices.Contains(users, pkg) {
					t.Errorf("%s: only %v may import %s", file, users, library)
				}
			}
		}
	}
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("arrows has an entry for %s, which does not exist", pkg)
		}
	}
}

// TestContributing checks that CONTRIBUTING.md describes every package.
func TestContributing(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range arrows {
		if !strings.Contains(string(text), "`"+pkg+"`") && !strings.Contains(string(text), "`"+pkg+"/`") {
			t.Errorf("CONTRIBUTING.md has no line for package %s", pkg)
		}
	}
}

// sources returns the imports of every file of the root module, without tests.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "e2e" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files[file] = nil // also without imports
		for _, i := range parsed.Imports {
			files[file] = append(files[file], strings.Trim(i.Path.Value, `"`))
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources found (%v)", err)
	}
	return files
}
