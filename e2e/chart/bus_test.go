package chart

import (
	"fmt"
	"sync"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/bus"
)

// buses are the buses that the cases run themselves, by the case's name.
var buses = sync.OnceValues(func() (map[string]*bus.Bus, error) {
	all, err := releases()
	if err != nil {
		return nil, err
	}
	found := map[string]*bus.Bus{}
	for _, r := range all {
		if r.eventBus().JetStreamExotic == nil {
			continue
		}
		data, err := busData(r)
		if err != nil {
			return nil, err
		}
		b, err := bus.Find(r.objects, data)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return nil, fmt.Errorf("case %s: no StatefulSet has %s", r.Name, bus.ConfigFile)
		}
		found[r.Name] = b
	}
	return found, nil
})

// busData returns the ConfigMaps and Secrets of a case.
func busData(r release) (bus.Data, error) {
	bin, err := holdfast()
	if err != nil {
		return nil, err
	}
	return bus.Collect(bin, r.Case, r.objects)
}

// eachBus runs a test on every case that runs its own bus.
func eachBus(t *testing.T, test func(*testing.T, release, *bus.Bus)) {
	t.Helper()
	all, err := buses()
	if err != nil {
		t.Fatal(err)
	}
	eachRelease(t, func(r release) bool { return all[r.Name] != nil }, func(t *testing.T, r release) { test(t, r, all[r.Name]) })
}

// busFor returns the bus of a case, or for one whose bus the Argo Events controller runs: one of the chart's with as many
// servers.
func busFor(t *testing.T, r release) *bus.Bus {
	t.Helper()
	all, err := buses()
	if err != nil {
		t.Fatal(err)
	}
	if b := all[r.Name]; b != nil {
		return b
	}
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	servers := fmt.Sprintf("eventBus.mode=managed,bus.replicas=%d", r.eventBus().JetStream.GetReplicas())
	if r.objects, err = bin.Render(r.Case, "--set", servers); err != nil {
		t.Fatal(err)
	}
	data, err := busData(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.Find(r.objects, data)
	if err != nil || b == nil {
		t.Fatalf("there is no bus with %s: %v", servers, err)
	}
	return b
}
