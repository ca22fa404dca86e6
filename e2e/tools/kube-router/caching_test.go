package main

import (
	"slices"
	"testing"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// tables is an iptables with one chain that records calls.
type tables struct {
	utils.IPTablesHandler
	calls []string
	rules []string
}

func (t *tables) Exists(_, _ string, rule ...string) (bool, error) {
	t.calls = append(t.calls, "exists")
	return slices.Contains(t.rules, rule[0]), nil
}

func (t *tables) List(string, string) ([]string, error) {
	t.calls = append(t.calls, "list")
	return slices.Clone(t.rules), nil
}

func (t *tables) Append(_, _ string, rule ...string) error {
	t.calls = append(t.calls, "append")
	t.rules = append(t.rules, rule[0])
	return nil
}

func TestCaching(t *testing.T) {
	real := &tables{}
	r := &caching{IPTablesHandler: real}
	look := func(want ...string) {
		t.Helper()
		if err := r.AppendUnique("filter", "INPUT", "one"); err != nil {
			t.Fatal(err)
		}
		if rules, err := r.List("filter", "INPUT"); err != nil || !slices.Equal(rules, []string{"one"}) {
			t.Fatalf("got %v %v, want one rule", rules, err)
		}
		if !slices.Equal(real.calls, want) {
			t.Errorf("got calls %v, want %v", real.calls, want)
		}
		real.calls = nil
	}
	look("exists", "append", "list")
	look("exists") // a rule has changed since the last query
	look()
	r.started = time.Now()
	look("exists", "list")
	look("exists", "list")
	r.started = time.Time{}
	look("exists")
	look()
	r.queried = r.queried.Add(-2 * maxAge)
	look("exists", "list")
	if err := r.Append("filter", "INPUT", "two"); err != nil {
		t.Fatal(err)
	}
	real.calls, real.rules = nil, []string{"one"}
	look("exists", "list")
	r.queried = time.Now()
	look()
}
