package main

import (
	"slices"
	"testing"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// tables is iptables with one chain, which notes what it is asked.
type tables struct {
	utils.IPTablesHandler
	asked []string
	rules []string
}

func (t *tables) Exists(_, _ string, rule ...string) (bool, error) {
	t.asked = append(t.asked, "exists")
	return slices.Contains(t.rules, rule[0]), nil
}

func (t *tables) List(string, string) ([]string, error) {
	t.asked = append(t.asked, "list")
	return slices.Clone(t.rules), nil
}

func (t *tables) Append(_, _ string, rule ...string) error {
	t.asked = append(t.asked, "append")
	t.rules = append(t.rules, rule[0])
	return nil
}

func TestRemembering(t *testing.T) {
	real := &tables{}
	r := &remembering{IPTablesHandler: real}
	look := func(want ...string) {
		t.Helper()
		if err := r.AppendUnique("filter", "INPUT", "one"); err != nil {
			t.Fatal(err)
		}
		if rules, err := r.List("filter", "INPUT"); err != nil || !slices.Equal(rules, []string{"one"}) {
			t.Fatalf("got %v %v, want one rule", rules, err)
		}
		if !slices.Equal(real.asked, want) {
			t.Errorf("asked %v, want %v", real.asked, want)
		}
		real.asked = nil
	}
	look("exists", "append", "list")
	look("exists") // for something has changed since it was asked
	look()
	r.started = time.Now()
	look("exists", "list")
	look("exists", "list")
	r.started = time.Time{}
	look("exists")
	look()
	r.asked = r.asked.Add(-2 * trust)
	look("exists", "list")
	if err := r.Append("filter", "INPUT", "two"); err != nil {
		t.Fatal(err)
	}
	real.asked, real.rules = nil, []string{"one"}
	look("exists", "list")
	r.asked = time.Now()
	look()
}
