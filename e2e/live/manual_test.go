package live

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

//go:embed manual.yaml
var manual string

// lesson are commands of a page in docs/operations; see manual.yaml.
type lesson struct {
	Page  string   `json:"page"`
	Run   []string `json:"run"`
	Where string   `json:"where"`
	Kill  string   `json:"kill"`
	After string   `json:"after"`
	Test  string   `json:"test"`
}

// TestManual runs the commands of docs/operations on real nodes, as an operator would. After each lesson the release is whole again.
func TestManual(t *testing.T) {
	var lessons []lesson
	if err := yaml.UnmarshalStrict([]byte(manual), &lessons); err != nil {
		t.Fatal(err)
	}
	m := newOperator(t)
	m.must(m.bash("kubectl create namespace events\nhelm install events charts/argo-events -n events -f values/webhook.yaml --set profile=multi-zone --set toolbox.enabled=true"))
	t.Cleanup(func() { _ = m.bash("helm uninstall events -n events") })
	m.awaitWhole()
	for _, l := range lessons {
		if l.Test == "" && !t.Run(l.Page, func(t *testing.T) { m.in(t).follow(l) }) {
			return // later lessons need the state of this one
		}
	}
}

// operator runs commands in a folder that has charts/ and values/ of the repository.
type operator struct {
	t         *testing.T
	dir       string
	namespace string
	env       []string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{t: t, dir: t.TempDir(), namespace: "events"}
	root := filepath.Dir(filepath.Dir(shared.files.chart))
	for _, name := range []string{"charts", "values"} {
		o.must(os.Symlink(filepath.Join(root, name), filepath.Join(o.dir, name)))
	}
	o.env = append(os.Environ(), "KUBECONFIG="+shared.kube.kubeconfig, "HELM="+shared.kube.helm, "HOLDFAST="+shared.files.holdfast,
		"PATH="+filepath.Dir(shared.kube.kubectl)+":"+os.Getenv("PATH"))
	return o
}

// in returns the operator of a subtest.
func (o *operator) in(t *testing.T) *operator {
	return &operator{t, o.dir, o.namespace, o.env}
}

func (o *operator) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// prelude defines the programs for the commands. Exit code 1 of holdfast is a result. await repeats a command until it succeeds, for at most
// 10 minutes. The shell ends the programs that it has started.
const prelude = `set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
helm() { command "$HELM" "$@"; }
holdfast() { "$HOLDFAST" "$@" || [ $? = 1 ]; }
reachable() { for _ in $(seq 100); do (: <"/dev/tcp/localhost/$1") 2>/dev/null && return; sleep 0.2; done; return 1; }
await() { local end=$((SECONDS + 600)); until "$@"; do ((SECONDS < end)) || { echo "failed for 10 minutes: $*"; return 1; }; sleep 1; done; }
`

// bash runs a script, and logs its output.
func (o *operator) bash(script string) error {
	cmd := exec.CommandContext(o.t.Context(), "bash", "-c", prelude+script)
	cmd.Dir, cmd.Env = o.dir, o.env
	out, err := cmd.CombinedOutput()
	text := string(out)
	if len(text) > 6000 {
		text = text[:3000] + "\n...\n" + text[len(text)-3000:]
	}
	if err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, script, text)
	}
	o.t.Logf("%s", text)
	return nil
}

// follow runs a lesson, and waits until everything runs again.
func (o *operator) follow(l lesson) {
	ctx := o.t.Context()
	script := []string{l.Where}
	for _, command := range l.Run {
		script = append(script, runnable(command))
	}
	if l.Kill != "" {
		pod, err := shared.kube.CoreV1().Pods(o.namespace).Get(ctx, l.Kill, metav1.GetOptions{})
		o.must(err)
		o.must(shared.cluster.Kill(ctx, pod.Spec.NodeName))
		defer func() { o.must(shared.cluster.Boot(context.WithoutCancel(ctx), pod.Spec.NodeName)); o.awaitWhole() }()
	}
	o.must(o.bash(strings.Join(append(script, l.After), "\n")))
	if l.Kill == "" {
		o.awaitWhole()
	}
}

var (
	forwarded = regexp.MustCompile(`^kubectl port-forward .* (\d+)(:\d+)? &$`)
	variable  = regexp.MustCompile(`\b(NODE|CONSUMER)\b`)
)

// runnable returns a command of a page for the shell: with the variables for words in capitals, and the kubeconfig of the test.
func runnable(command string) string {
	command = variable.ReplaceAllString(command, "$$$1")
	command = strings.ReplaceAll(command, "~/.kube/config", `"$KUBECONFIG"`)
	if port := forwarded.FindStringSubmatch(command); port != nil {
		command += "\nreachable " + port[1]
	}
	return command
}

// awaitWhole waits until each workload of the namespace has all of its pods.
func (o *operator) awaitWhole() {
	o.t.Helper()
	o.must(until(o.t.Context(), patience, func(ctx context.Context) (string, error) {
		what, err := shared.kube.incomplete(ctx, o.namespace)
		if what == "job toolbox is not complete" {
			what = "" // it waits for commands
		}
		return what, err
	}))
}
