package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// maxAge is how long an answer of iptables is cached. No other program changes the queried chains, except that kube-proxy inserts rules when it
// starts, at the same time as this program: nothing is cached during startup.
const (
	maxAge  = 5 * time.Minute
	startup = 30 * time.Second
)

// caching caches the answers of iptables until the controller changes rules. This avoids about 36 starts of iptables on each node at every change
// of a pod. Chains of pods and policies are listed and restored without it.
type caching struct {
	utils.IPTablesHandler
	started time.Time
	mu      sync.Mutex
	queried time.Time
	answers map[string]any
}

// cached returns the cached answer to a query, or runs the query.
func cached[T any](r *caching, key string, query func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.answers == nil || now.Sub(r.queried) > maxAge || now.Sub(r.started) < startup {
		r.queried, r.answers = now, map[string]any{}
	}
	if answer, ok := r.answers[key].(T); ok {
		return answer, nil
	}
	answer, err := query()
	if err == nil {
		r.answers[key] = answer
	}
	return answer, err
}

// changed clears the cache and makes a change.
func (r *caching) changed(change func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = nil
	return change()
}

func (r *caching) Exists(table, chain string, rule ...string) (bool, error) {
	return cached(r, fmt.Sprintf("rule %s %s %q", table, chain, rule), func() (bool, error) { return r.IPTablesHandler.Exists(table, chain, rule...) })
}

func (r *caching) ChainExists(table, chain string) (bool, error) {
	return cached(r, fmt.Sprintf("chain %s %s", table, chain), func() (bool, error) { return r.IPTablesHandler.ChainExists(table, chain) })
}

func (r *caching) List(table, chain string) ([]string, error) {
	return cached(r, fmt.Sprintf("rules %s %s", table, chain), func() ([]string, error) { return r.IPTablesHandler.List(table, chain) })
}

func (r *caching) AppendUnique(table, chain string, rule ...string) error {
	if exists, err := r.Exists(table, chain, rule...); err != nil || exists {
		return err
	}
	return r.Append(table, chain, rule...)
}

func (r *caching) Append(table, chain string, rule ...string) error {
	return r.changed(func() error { return r.IPTablesHandler.Append(table, chain, rule...) })
}

func (r *caching) Insert(table, chain string, position int, rule ...string) error {
	return r.changed(func() error { return r.IPTablesHandler.Insert(table, chain, position, rule...) })
}

func (r *caching) Delete(table, chain string, rule ...string) error {
	return r.changed(func() error { return r.IPTablesHandler.Delete(table, chain, rule...) })
}

func (r *caching) NewChain(table, chain string) error {
	return r.changed(func() error { return r.IPTablesHandler.NewChain(table, chain) })
}

func (r *caching) ClearChain(table, chain string) error {
	return r.changed(func() error { return r.IPTablesHandler.ClearChain(table, chain) })
}
