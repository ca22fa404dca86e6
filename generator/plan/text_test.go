package plan

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/holdfast-ha/holdfast/internal/table"
)

// TestWrite: all parts of a plan, in lines that fit a terminal.
func TestWrite(t *testing.T) {
	from := change(t, "example.org/db:1", "example.org/nats:1")
	to := change(t, "example.org/db:1", "example.org/nats:1", "replicas: 3", "replicas: 2", "serviceName: db", "serviceName: other",
		"labels: {a: b}", "labels: {a: b}, annotations: {events.argoproj.io/leader-election: k8s}", "replicas: 1\n", "replicas: 3\n", "metadata: {name: free}", "metadata: {name: other}")
	p := compare(t, from, to, true)
	p.From, p.To = "profile one", "profile two"
	request := Request{Stack: "./shop.yaml", Chart: "shop", Release: "shop", Namespace: "shop", Profile: "two", Values: []string{"-f", "my values.yaml", "--set", "a=b"}}
	if err := p.AddCommands(request); err != nil {
		t.Fatal(err)
	}
	const want = `refused: StatefulSet/db: spec.serviceName is immutable: delete the object and let the upgrade create
  it again; it adopts the pods and keeps the volume claims
from profile one to profile two

Before you start
  in place: StatefulSet/db: 3 servers become 2: helm upgrade removes each one from the quorum first;
    kubectl does not
  in place: Sensor/worker: its controller notices the change of the bus or the leader election only
    after a restart
  in place: EventSource/hook: its controller notices the change of the bus or the leader election
    only after a restart

Objects: 1 created, 3 changed, 1 removed, 7 unchanged
  changed  StatefulSet/db
      spec.replicas: 3 -> 2
      spec.serviceName (immutable): db -> other
  created  ConfigMap/other
  changed  EventBus/default
      spec.jetstreamExotic.streamConfig:
        - replicas: 1
        + replicas: 3
  changed  Sensor/worker
      metadata.annotations: none -> {events.argoproj.io/leader-election}
  removed  ConfigMap/free

Volume claims
  kept      data-db-0
  kept      data-db-1
  kept      own
  orphaned  data-db-2

Election
  Sensor/worker: nats -> leases

Replicas on the bus
  stream default: 1 -> 3
  stream KV_worker: 1 -> 3

With Helm
  # delete the object with the immutable field, but not its pods
  kubectl delete -n shop statefulset.apps/db --cascade=orphan
  # write the chart
  holdfast chart ./shop.yaml -o charts/shop
  # upgrade
  helm upgrade shop charts/shop -n shop -f 'my values.yaml' --set a=b --set profile=two
  # restart the controller, so that it updates event sources and sensors
  kubectl rollout restart -n shop deployment.apps/controller
  # delete the old disks, when you no longer need them
  kubectl delete -n shop pvc data-db-2

Without Helm
  # delete the object with the immutable field, but not its pods
  kubectl delete -n shop statefulset.apps/db --cascade=orphan
  # move the replicas off a server, as user sys; continue when it is not in nats stream report
  nats --user sys request '$JS.API.SERVER.EVACUATE' '{"peer":"db-2"}'
  # remove the server from the quorum
  nats --user sys server cluster peer-remove db-2
  # apply the new objects
  holdfast render ./shop.yaml --profile two -f 'my values.yaml' --set a=b --release shop -n shop \
    --no-hooks | kubectl apply -n shop -f -
  # delete the removed objects
  kubectl delete -n shop configmap/free
  # restart the controller, so that it updates event sources and sensors
  kubectl rollout restart -n shop deployment.apps/controller
  # delete the old disks, when you no longer need them
  kubectl delete -n shop pvc data-db-2
`
	got := written(t, p)
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func written(t *testing.T, p Plan) string {
	t.Helper()
	var out strings.Builder
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > table.Width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	return out.String()
}

// TestMigrationCommands: one upgrade starts the migration, and a second one removes the old servers. With kubectl, the Job of
// the migration is awaited and deleted.
func TestMigrationCommands(t *testing.T) {
	to := change(t, "name: db}\nspec:\n  replicas: 3", "name: single}\nspec:\n  replicas: 1")
	p := compare(t, change(t), to, true)
	if !p.Migrates() || p.Servers() != 3 {
		t.Fatalf("migrates: %t, from %d servers", p.Migrates(), p.Servers())
	}
	during := append(to, split(t, "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migration}\n")...)
	request := Request{Stack: "shop", Chart: "shop", Release: "shop", Namespace: "shop", Profile: "one", Migration: []string{"migration.from=three"}, During: during}
	if err := p.AddCommands(request); err != nil {
		t.Fatal(err)
	}
	const want = `
With Helm
  # write the chart
  holdfast chart shop -o charts/shop
  # migrate the data; repeat after a failure. Each later migration needs another migration.id
  helm upgrade shop charts/shop -n shop --set profile=one --set migration.from=three --wait \
    --wait-for-jobs --timeout 30m
  # remove the old servers
  helm upgrade shop charts/shop -n shop --set profile=one
  # delete the old disks, when you no longer need them
  kubectl delete -n shop pvc data-db-0 data-db-1 data-db-2

Without Helm
  # migrate the data; repeat after a failure. Each later migration needs another migration.id
  holdfast render shop --profile one --release shop -n shop --no-hooks --set migration.from=three \
    | kubectl apply -n shop -f -
  # wait until the migration is complete
  kubectl wait -n shop --for=condition=complete --timeout=30m job.batch/migration
  # apply the new objects
  holdfast render shop --profile one --release shop -n shop --no-hooks | kubectl apply -n shop \
    -f -
  # delete the removed objects
  kubectl delete -n shop statefulset.apps/db job.batch/migration
  # delete the old disks, when you no longer need them
  kubectl delete -n shop pvc data-db-0 data-db-1 data-db-2
`
	if got := written(t, p); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s", got)
	}
	request.Live, request.Cluster = true, []string{"--kubeconfig", "k", "--kube-context", "c"}
	if err := p.AddCommands(request); err != nil {
		t.Fatal(err)
	}
	const live = `
With Helm
  # write the chart
  holdfast chart shop -o charts/shop
  # migrate the data; repeat after a failure. Each later migration needs another migration.id
  helm upgrade shop charts/shop -n shop --kubeconfig k --kube-context c --reset-then-reuse-values \
    --set profile=one --set migration.from=three --wait --wait-for-jobs --timeout 30m
  # remove the old servers
  helm upgrade shop charts/shop -n shop --kubeconfig k --kube-context c --reset-then-reuse-values \
    --set profile=one --set migration=null
  # delete the old disks, when you no longer need them
  kubectl delete -n shop --kubeconfig k --context c pvc data-db-0 data-db-1 data-db-2
`
	p.Kubectl = nil
	if got := written(t, p); !strings.HasSuffix(got, live) {
		t.Errorf("got\n%s", got)
	}
}

// TestWriteRollouts: an unchanged object whose pods are replaced is in the text.
func TestWriteRollouts(t *testing.T) {
	got := written(t, compare(t, change(t), change(t, "example.org/events:1", "example.org/events:2"), false))
	for _, line := range []string{"in place: the pods of 1 Deployment, 1 EventSource and 1 Sensor are replaced\n", "\n  rollout  Sensor/worker\n", "\n  rollout  EventSource/hook\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is missing in\n%s", line, got)
		}
	}
}

// TestNoCommands: a plan that loses data has no commands.
func TestNoCommands(t *testing.T) {
	p := compare(t, native(t, 1), native(t, 3), true)
	if err := p.AddCommands(Request{Stack: "shop", Chart: "shop", Release: "shop", Namespace: "shop", Profile: "two"}); err != nil || len(p.Helm)+len(p.Kubectl) > 0 {
		t.Errorf("got %v %v %v", err, p.Helm, p.Kubectl)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestWriteFails: an error of the writer is returned.
func TestWriteFails(t *testing.T) {
	if err := compare(t, change(t), nil, false).Write(full{}); err == nil {
		t.Error("no error")
	}
}
