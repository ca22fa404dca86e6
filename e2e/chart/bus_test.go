package chart

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// jetStream is a bus that tests can run, with the data of its pods.
type jetStream struct {
	*bus.Bus
	data bus.Data
}

// buses are the JetStream buses by name of the case.
var buses = sync.OnceValues(func() (map[string]jetStream, error) {
	all, err := releases()
	if err != nil {
		return nil, err
	}
	bin, err := holdfast()
	if err != nil {
		return nil, err
	}
	found := map[string]jetStream{}
	for _, r := range all {
		if !r.hasJetStream() {
			continue
		}
		if found[r.Name], err = newJetStream(bin, r); err != nil {
			return nil, fmt.Errorf("case %s: %w", r.Name, err)
		}
	}
	return found, nil
})

// hasBus reports whether the chart runs the bus of a case, hasJetStream whether the chart or the controller of Argo Events does. In mode external
// neither does.
func (r release) hasBus() bool {
	return r.eventBus().JetStreamExotic != nil && len(r.ofKind("StatefulSet")) > 0
}

func (r release) hasJetStream() bool { return r.hasBus() || r.eventBus().JetStream != nil }

// newJetStream returns the bus of a case. A bus that the controller runs is not rendered: it is replaced by one of the chart with as many servers.
func newJetStream(bin cases.Holdfast, r release) (jetStream, error) {
	data, err := bus.Collect(bin, r.Case, r.objects)
	if err != nil {
		return jetStream{}, err
	}
	if r.hasBus() {
		b, _, err := bus.Find(r.objects, data)
		return jetStream{b, data}, err
	}
	servers := fmt.Sprintf("eventBus.mode=managed,bus.replicas=%d", r.eventBus().JetStream.GetReplicas())
	objects, err := bin.Render(r.Case, "--set", servers)
	if err != nil {
		return jetStream{}, err
	}
	substitute := maps.Clone(data)
	if err := substitute.Add(objects); err != nil {
		return jetStream{}, err
	}
	b, _, err := bus.Find(objects, substitute)
	return jetStream{b, data}, err
}

// busOf returns the bus of a case.
func busOf(t *testing.T, r release) jetStream {
	t.Helper()
	all, err := buses()
	if err != nil {
		t.Fatal(err)
	}
	return all[r.Name]
}
