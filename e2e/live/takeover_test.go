package live

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

//go:embed takeover.yaml
var takeover string

// TestTakeover: the chart takes over an installation of Argo Events' own manifests under load, by the plan of holdfast import. No acknowledged event
// is lost, all objects keep their names, and those of another namespace are left alone. Then the events of another native bus move to servers of
// the chart.
func TestTakeover(t *testing.T) {
	o := newOperator(t)
	upstream, err := os.ReadFile(filepath.Join(shared.files.manifests, "install.yaml"))
	o.must(err)
	o.createNamespace("argo-events")
	o.must(shared.kube.apply(t.Context(), "argo-events", string(upstream)))

	taken, moved := upstreamSystem("taken"), upstreamSystem("swapped")
	for _, s := range []*System{taken, moved} {
		o.createNamespace(s.Name)
		o.must(shared.kube.apply(t.Context(), s.Name, loadService))
		o.must(shared.kube.apply(t.Context(), s.Name, naive))
	}
	o.must(shared.kube.apply(t.Context(), taken.Name, takeover))
	o.createNamespace("team")
	o.must(shared.kube.apply(t.Context(), "team", teamObjects))
	for _, s := range []*System{taken, moved} {
		o.must(shared.kube.apply(t.Context(), s.Name, s.loadPod()))
		o.must(s.awaitRecovery(t.Context(), shared.kube, patience))
		o.must(s.awaitFlow(t.Context(), shared.kube))
	}
	t.Run("the servers stay", func(t *testing.T) { o.in(t).takeOver(taken, "taken.txt") })
	t.Run("the events move", func(t *testing.T) { o.in(t).takeOver(moved, "swapped.txt", "--managed-bus") })
}

// upstreamSystem is a system, and the release that takes it over, of the same name: its policies admit the load by that name. It is a system that follows public guidance, and must not lose events.
func upstreamSystem(name string) *System {
	return &System{Name: name, Title: name, Survives: "node", busURL: "nats://eventbus-default-js-svc:4222",
		busSecret: "eventbus-default-js-client-auth", busKey: "client-auth", busPods: "eventbus-name=default"}
}

// teamObjects are those of a team in a namespace of its own.
const teamObjects = `
apiVersion: argoproj.io/v1alpha1
kind: EventBus
metadata: {name: default}
spec: {jetstream: {version: "2.10.29", replicas: 1, persistence: {accessMode: ReadWriteOnce, volumeSize: 1Gi}}}
---
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: team}
spec: {calendar: {tick: {interval: 10s}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: team}
spec:
  dependencies: [{name: tick, eventSourceName: team, eventName: tick}]
  triggers: [{template: {name: log, log: {}}}]
`

func (o *operator) createNamespace(name string) {
	o.t.Helper()
	_, err := shared.kube.CoreV1().Namespaces().Create(o.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	o.must(err)
}

// takeOver imports a namespace, and runs the commands of the plan while events are counted. The last step of a move deletes the old servers, which the
// load also uses: it comes after the count.
func (o *operator) takeOver(s *System, plan string, flags ...string) {
	ctx := o.t.Context()
	before, team := o.objects(s.Name), o.objects("team")
	o.must(o.bash(fmt.Sprintf("holdfast import -n %[1]s --release %[1]s %[2]s > values.yaml 2> %[3]s", s.Name, strings.Join(flags, " "), plan)))
	text, err := os.ReadFile(filepath.Join(o.dir, plan))
	o.must(err)
	for _, object := range before {
		kind, name, _ := strings.Cut(object, " ")
		if !strings.Contains(string(text), kind+"/"+name[:strings.Index(name, " ")]) {
			o.t.Errorf("the plan does not name %s:\n%s", object, text)
		}
	}
	commands := planCommands(string(text))
	last := slices.IndexFunc(commands, func(c string) bool { return strings.HasPrefix(c, "kubectl delete statefulset") })
	if last < 0 {
		last = len(commands)
	}
	from, err := s.now(ctx, shared.kube)
	o.must(err)
	o.must(o.bash(strings.Join(commands[:last], "\n")))
	o.must(s.awaitRecovery(ctx, shared.kube, patience))
	o.must(s.awaitFlow(ctx, shared.kube))
	to, err := s.now(ctx, shared.kube)
	o.must(err)
	r, err := s.settle(ctx, shared.kube, from, to, arrival)
	o.must(err)
	shared.log("%s: webhook %d acked, %d failed, %d lost, %d duplicated; bus %d acked, %d lost", s.Title, r.Webhook.Acked, r.Webhook.Failed, r.Webhook.Lost, r.Webhook.Duplicated, r.Bus.Acked, r.Bus.Lost)
	if r.Webhook.Acked == 0 || r.Webhook.Lost+r.Bus.Lost > 0 {
		o.t.Errorf("%d events were acknowledged, %d events and %d messages were lost", r.Webhook.Acked, r.Webhook.Lost, r.Bus.Lost)
	}
	if after := o.objects(s.Name); !slices.Equal(without(after, s.Name+"-argo-events-test"), before) {
		o.t.Errorf("objects before\n%s\nand after\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if after := o.objects("team"); !slices.Equal(after, team) {
		o.t.Errorf("objects of the team before\n%s\nand after\n%s", strings.Join(team, "\n"), strings.Join(after, "\n"))
	}
	o.must(o.bash(strings.Join(commands[last:], "\n")))
	o.must(until(ctx, patience, func(ctx context.Context) (string, error) { return shared.kube.incomplete(ctx, s.Name) }))
}

// objects lists the custom resources of a namespace: kind, name and UID.
func (o *operator) objects(namespace string) []string {
	o.t.Helper()
	out, err := shared.kube.run(o.t.Context(), shared.kube.kubectl, "", "get", "eventbus,eventsources,sensors", "-n", namespace, "--no-headers",
		"-o=custom-columns=:.kind,:.metadata.name,:.metadata.uid")
	o.must(err)
	var all []string
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 3 {
			all = append(all, strings.Join(fields, " "))
		}
	}
	slices.Sort(all)
	return all
}

// without returns the objects without those of a name.
func without(objects []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(objects), func(o string) bool { return strings.Fields(o)[1] == name })
}

// planCommands returns the commands of a plan, for the shell of a test.
func planCommands(plan string) []string {
	_, steps, _ := strings.Cut(plan, "\nSteps\n")
	var all []string
	for line := range strings.Lines(steps) {
		command := strings.TrimSpace(line)
		for _, program := range []string{"kubectl ", "helm ", "holdfast "} {
			if strings.HasPrefix(line, "       "+program) {
				all = append(all, runnable(command))
			}
		}
	}
	return all
}
