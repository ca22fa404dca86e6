package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// trust is how long an answer of iptables holds. What it was asked after is changed by nobody else, but that kube-proxy puts rules before the
// first one when it starts, as this program does: within the time until it is settled nothing is remembered.
const (
	trust   = 5 * time.Minute
	settled = 30 * time.Second
)

// remembering is iptables, which is asked again only after a while, or when the controller has changed something by it: at each change of a pod
// that is three dozen programs less to start on each node. Chains of pods and policies are listed and restored without it.
type remembering struct {
	utils.IPTablesHandler
	started time.Time
	mu      sync.Mutex
	asked   time.Time
	answers map[string]any
}

// remembered answers a question, if need be by asking.
func remembered[T any](r *remembering, question string, ask func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.answers == nil || now.Sub(r.asked) > trust || now.Sub(r.started) < settled {
		r.asked, r.answers = now, map[string]any{}
	}
	if answer, known := r.answers[question].(T); known {
		return answer, nil
	}
	answer, err := ask()
	if err == nil {
		r.answers[question] = answer
	}
	return answer, err
}

// changed forgets everything, and makes the change.
func (r *remembering) changed(change func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = nil
	return change()
}

func (r *remembering) Exists(table, chain string, rule ...string) (bool, error) {
	return remembered(r, fmt.Sprintf("rule %s %s %q", table, chain, rule), func() (bool, error) { return r.IPTablesHandler.Exists(table, chain, rule...) })
}

func (r *remembering) ChainExists(table, chain string) (bool, error) {
	return remembered(r, fmt.Sprintf("chain %s %s", table, chain), func() (bool, error) { return r.IPTablesHandler.ChainExists(table, chain) })
}

func (r *remembering) List(table, chain string) ([]string, error) {
	return remembered(r, fmt.Sprintf("rules %s %s", table, chain), func() ([]string, error) { return r.IPTablesHandler.List(table, chain) })
}

func (r *remembering) AppendUnique(table, chain string, rule ...string) error {
	if exists, err := r.Exists(table, chain, rule...); err != nil || exists {
		return err
	}
	return r.Append(table, chain, rule...)
}

func (r *remembering) Append(table, chain string, rule ...string) error {
	return r.changed(func() error { return r.IPTablesHandler.Append(table, chain, rule...) })
}

func (r *remembering) Insert(table, chain string, position int, rule ...string) error {
	return r.changed(func() error { return r.IPTablesHandler.Insert(table, chain, position, rule...) })
}

func (r *remembering) Delete(table, chain string, rule ...string) error {
	return r.changed(func() error { return r.IPTablesHandler.Delete(table, chain, rule...) })
}

func (r *remembering) NewChain(table, chain string) error {
	return r.changed(func() error { return r.IPTablesHandler.NewChain(table, chain) })
}

func (r *remembering) ClearChain(table, chain string) error {
	return r.changed(func() error { return r.IPTablesHandler.ClearChain(table, chain) })
}
