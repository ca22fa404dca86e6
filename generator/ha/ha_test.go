package ha

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"go.yaml.in/yaml/v3"
)

// decided is one input with its decisions.
type decided struct {
	profile   profile.Profile
	component stack.Component
	n         int
	decisions []Decision
}

func (a decided) String() string {
	var domains []string
	for _, d := range a.profile.Survives {
		domains = append(domains, fmt.Sprintf("%d %ss", d.Domains, d.Name))
	}
	c := a.component
	return fmt.Sprintf("%d %s pods over %v (managed %t, storage %t, drain %+v, probes %t, election %q, evict %d s)",
		a.n, c.Replication, domains, c.Managed, c.Storage != nil, c.Drain, !c.Probes.Alive.IsZero(), c.Election, a.profile.EvictAfterSeconds)
}

// value returns the decision for a key, or nil.
func (a decided) value(key string) any {
	for _, d := range a.decisions {
		if d.Key == key {
			return d.Value
		}
	}
	return nil
}

// uncounted reports whether the number of pods is not a decision.
func (a decided) uncounted() bool {
	return a.component.Replication == stack.PerNode || a.component.Replication == stack.Finite
}

// named reports whether each pod has a stable name.
func (a decided) named() bool {
	return a.component.Replication == stack.Shards || a.component.Replication == stack.Needs
}

func (a decided) isQuorum() bool { return a.component.Replication == stack.Quorum }

// checkAll checks a property for every input: all replication models and features of a component, 1 to 9 replicas, and profiles
// with zero, one or two kinds of failure domain of 1 to 5 domains each, including profiles that Load refuses.
func checkAll(t *testing.T, property func(decided) error) {
	t.Helper()
	checked := 0
	for _, p := range everyProfile() {
		for _, c := range everyComponent() {
			for n := 1; n <= 9; n++ {
				a := decided{p, c, n, DecideFor(p, c, n)}
				checked++
				if err := property(a); err != nil {
					t.Fatalf("%s: %v", a, err)
				}
			}
		}
	}
	if checked < 10000 {
		t.Fatalf("only %d inputs checked", checked)
	}
}

func everyProfile() []profile.Profile {
	survives := [][]profile.Domain{nil}
	for wide := 1; wide <= 5; wide++ {
		survives = append(survives, []profile.Domain{nodes(wide)})
		for _, narrow := range []int{1, 5} {
			survives = append(survives, []profile.Domain{{Name: "zone", Label: "topology.kubernetes.io/zone", Domains: wide}, nodes(narrow)})
		}
	}
	var all []profile.Profile
	for _, s := range survives {
		for _, evict := range []int{0, 30} {
			all = append(all, profile.Profile{Name: "any", Survives: s, EvictAfterSeconds: evict})
		}
	}
	return all
}

func nodes(n int) profile.Domain {
	return profile.Domain{Name: "node", Label: "kubernetes.io/hostname", Domains: n}
}

func everyComponent() []stack.Component {
	both := []bool{false, true}
	handler := yaml.Node{Kind: yaml.ScalarNode, Value: "handler"}
	var all []stack.Component
	for _, model := range stack.Replications {
		for _, managed := range both {
			for _, probed := range both {
				for _, election := range []stack.Election{stack.ElectionFixed, stack.ElectionLeases} {
					for _, drain := range []*stack.Drain{nil, {Seconds: 30}, {SleepSeconds: 5, Seconds: 120}} {
						c := stack.Component{Name: "any", Replication: model, Managed: managed, Election: election, Drain: drain}
						if drain == nil || drain.SleepSeconds > 0 {
							c.Storage = stack.Claims{{Size: "1Gi", Path: "/data"}}
						}
						if model == stack.Needs {
							c.Replicas, c.Needs = 5, 3
						}
						if model == stack.Shards {
							c.Replicas = 4
						}
						if model == stack.Finite && probed {
							c.Schedule = "@daily"
						}
						if model == stack.Quorum && drain == nil {
							c.Store = stack.StoreJetStream
						}
						if probed {
							c.Probes = stack.Probes{Startup: handler, Ready: handler, Alive: handler}
						}
						all = append(all, c)
					}
				}
			}
		}
	}
	return all
}

func TestMajorityAndSpare(t *testing.T) {
	for n := 1; n <= 9; n++ {
		if 2*majority(n) <= n || 2*(majority(n)-1) > n {
			t.Errorf("majority(%d) = %d is not the smallest majority", n, majority(n))
		}
		if n-spare(n) < majority(n) || n-(spare(n)+1) >= majority(n) {
			t.Errorf("spare(%d) = %d is not the largest number that leaves %d", n, spare(n), majority(n))
		}
	}
}

// (a) A budget never allows the loss of a majority or of the last pod, and never blocks every drain.
func TestBudget(t *testing.T) {
	checkAll(t, func(a decided) error {
		budget, _ := a.value("podDisruptionBudget").(Map)
		if a.n == 1 || a.uncounted() || a.named() && !a.profile.Survivor() {
			if budget != nil {
				return fmt.Errorf("has a budget: %v", budget)
			}
			return nil
		}
		if budget == nil {
			return fmt.Errorf("has no budget")
		}
		maxUnavailable, ok := budget["maxUnavailable"].(int)
		switch {
		case !ok || len(budget) != 2:
			return fmt.Errorf("the budget is not in whole pods: %v", budget)
		case maxUnavailable < 1:
			return fmt.Errorf("maxUnavailable %d blocks every drain", maxUnavailable)
		case a.n-maxUnavailable < 1:
			return fmt.Errorf("maxUnavailable %d allows the eviction of the last pod", maxUnavailable)
		case a.isQuorum() && a.n%2 == 1 && a.n-maxUnavailable < majority(a.n):
			return fmt.Errorf("maxUnavailable %d leaves %d members, the majority is %d", maxUnavailable, a.n-maxUnavailable, majority(a.n))
		case a.component.Replication == stack.Needs && maxUnavailable > 1 && a.n-maxUnavailable < a.component.Needs:
			return fmt.Errorf("maxUnavailable %d leaves fewer than the %d pods that must run", maxUnavailable, a.component.Needs)
		case budget["unhealthyPodEvictionPolicy"] != "AlwaysAllow":
			return fmt.Errorf("a pod that is not ready can block a drain: %v", budget)
		}
		return nil
	})
}

// (b) Required constraints can be met: they need no more domains than exist, and no more than there are pods.
func TestHardConstraintsCanBeMet(t *testing.T) {
	hard := 0
	checkAll(t, func(a decided) error {
		for _, c := range list(a.value("topologySpreadConstraints")) {
			d := domain(a.profile, c)
			if c["maxSkew"] != 1 {
				return fmt.Errorf("%s: maxSkew %v", d.Name, c["maxSkew"])
			}
			if c["whenUnsatisfiable"] != "DoNotSchedule" {
				if c["minDomains"] != nil {
					return fmt.Errorf("%s: the API refuses minDomains on a soft constraint", d.Name)
				}
				continue
			}
			hard++
			domains := d.Domains
			if a.isQuorum() && d.Label == "kubernetes.io/hostname" {
				domains = a.n // each member needs its own node: a node with two members could not be drained
			}
			if least := c["minDomains"].(int); least < 1 || least > domains || least > a.n {
				return fmt.Errorf("%s: minDomains %d with %d domains and %d pods", d.Name, least, domains, a.n)
			}
		}
		for _, rule := range list(a.value("antiAffinity")) {
			hard++
			if d, upTo := domain(a.profile, rule), rule["hardUpTo"].(int); upTo < 0 || upTo > d.Domains {
				return fmt.Errorf("%s: required up to %d pods with %d domains", d.Name, upTo, d.Domains)
			}
		}
		return nil
	})
	if hard == 0 {
		t.Error("no required constraint was checked")
	}
}

// TestNeedsSurvive: if the decision promises that the rest of the pods is enough, it is, in every even spread over the domains.
func TestNeedsSurvive(t *testing.T) {
	promised := 0
	checkAll(t, func(a decided) error {
		if a.component.Replication != stack.Needs || a.component.Managed || a.n == 1 || !a.profile.Survivor() {
			return nil
		}
		i := slices.IndexFunc(a.decisions, func(d Decision) bool { return d.Key == "topologySpreadConstraints" })
		widest := a.profile.Survives[0]
		constraint := list(a.value("topologySpreadConstraints"))[len(a.profile.Prefers)]
		most := (a.n + constraint["minDomains"].(int) - 1) / constraint["minDomains"].(int)
		if enough := strings.HasSuffix(a.decisions[i].Reason, "are enough."); enough != (a.n-most >= a.component.Needs) || constraint["whenUnsatisfiable"] != "DoNotSchedule" {
			return fmt.Errorf("%s may take %d of %d pods, %d must run: %s", widest.Name, most, a.n, a.component.Needs, a.decisions[i].Reason)
		} else if enough {
			promised++
		}
		return nil
	})
	if promised == 0 {
		t.Error("nothing was promised")
	}
}

// TestDecisionsHoldWhenScaledUp: an autoscaler adds pods to those of a profile, and the budget and the constraints stay as they are.
func TestDecisionsHoldWhenScaledUp(t *testing.T) {
	checkAll(t, func(a decided) error {
		if a.component.Replication != stack.Stateless || a.component.Managed || a.n < 2 {
			return nil
		}
		for n := a.n + 1; n <= 9; n++ {
			more := DecideFor(a.profile, a.component, n)
			for _, key := range []string{"podDisruptionBudget", "topologySpreadConstraints"} {
				few, many := marshal(t, a.value(key)), marshal(t, decided{decisions: more}.value(key))
				if !bytes.Equal(few, many) {
					return fmt.Errorf("with %d pods, %s would be %s, not %s", n, key, many, few)
				}
			}
		}
		return nil
	})
}

// (b) With three or more domains, none holds the majority of an odd quorum, whatever the number of domains in the cluster.
func TestNoDomainHoldsAMajority(t *testing.T) {
	checkAll(t, func(a decided) error {
		if !a.isQuorum() || a.component.Managed || a.n < 3 || a.n%2 == 0 {
			return nil
		}
		for _, d := range a.profile.Survives {
			if d.Domains < 3 {
				continue
			}
			for domains := 1; domains <= 9; domains++ {
				if most := a.mostPods(d, domains); most >= majority(a.n) {
					return fmt.Errorf("in a cluster with %d %ss, one can hold %d of %d members", domains, d.Name, most, a.n)
				}
			}
		}
		return nil
	})
}

// A member on a cordoned node counts as long as each member has a domain of its own: otherwise a new disk may be created beside it.
func TestCordonedMembersCount(t *testing.T) {
	checkAll(t, func(a decided) error {
		if !a.isQuorum() {
			return nil
		}
		for _, c := range list(a.value("topologySpreadConstraints")) {
			if c["whenUnsatisfiable"] != "DoNotSchedule" {
				continue
			}
			if honors := c["nodeTaintsPolicy"] == "Honor"; honors != (a.n > c["minDomains"].(int)) {
				return fmt.Errorf("%d members, constraint %v", a.n, c)
			}
		}
		return nil
	})
}

// mostPods returns the largest number of pods that required constraints allow in one domain of kind d, in a cluster with a
// number of such domains.
func (a decided) mostPods(d profile.Domain, domains int) int {
	for _, c := range list(a.value("topologySpreadConstraints")) {
		if c["topologyKey"] != d.Label || c["whenUnsatisfiable"] != "DoNotSchedule" {
			continue
		}
		skew, least := c["maxSkew"].(int), c["minDomains"].(int)
		if domains < least {
			return skew // the scheduler counts the missing domains as empty
		}
		most := skew
		for most+1+(domains-1)*(most+1-skew) <= a.n {
			most++
		}
		return most
	}
	return a.n
}

// (b) Members of a managed quorum have required anti-affinity while there are enough domains; the chart refuses more members.
func TestManagedQuorumAntiAffinity(t *testing.T) {
	checkAll(t, func(a decided) error {
		if !a.isQuorum() || !a.component.Managed || a.n < 2 {
			return nil
		}
		rules := list(a.value("antiAffinity"))
		if len(rules) != len(a.profile.Survives) {
			return fmt.Errorf("%d rules for %d kinds of domain", len(rules), len(a.profile.Survives))
		}
		for i, d := range a.profile.Survives {
			if rules[i]["topologyKey"] != d.Label || rules[i]["hardUpTo"] != d.Domains {
				return fmt.Errorf("%s: %v", d.Name, rules[i])
			}
		}
		return nil
	})
}

// (b) Other pods have a required constraint in the widest domain only, for pods of the same revision, so that rollouts always
// have capacity.
func TestRolloutsHaveCapacity(t *testing.T) {
	checkAll(t, func(a decided) error {
		if a.isQuorum() || a.named() {
			return nil
		}
		for i, c := range list(a.value("topologySpreadConstraints")) {
			if want := map[bool]string{true: "DoNotSchedule", false: "ScheduleAnyway"}[i == 0]; c["whenUnsatisfiable"] != want {
				return fmt.Errorf("constraint %d is %v, want %s", i, c["whenUnsatisfiable"], want)
			}
			if a.component.Workload() == "Deployment" && fmt.Sprint(c["matchLabelKeys"]) != "[pod-template-hash]" {
				return fmt.Errorf("constraint %d counts pods of other revisions: %v", i, c)
			}
		}
		for i, rule := range list(a.value("antiAffinity")) {
			if i > 0 && rule["hardUpTo"] != 0 {
				return fmt.Errorf("rule %d is required: %v", i, rule)
			}
		}
		return nil
	})
}

// (c) No quorum has an even number of members.
func TestQuorumsAreOdd(t *testing.T) {
	checked := 0
	for _, p := range shippedProfiles(t) {
		for _, s := range shippedStacks(t) {
			for _, c := range s.Components {
				if c.Replication != stack.Quorum {
					continue
				}
				checked++
				n, _ := decided{decisions: Decide(p, c)}.value("replicas").(int)
				if n%2 == 0 || p.Survivor() && n < 3 {
					t.Errorf("%s, %s.%s: %d members", p.Name, s.Name, c.Name, n)
				}
			}
		}
	}
	if checked == 0 {
		t.Fatal("no quorum component is shipped")
	}
	for n := 2; n <= 8; n += 2 {
		text := fmt.Sprintf("name: even\nneeds: {nodes: 1}\nreplicas: {quorum: %d, standby: 1, stateless: 1}\n", n)
		if _, err := profile.Parse("even.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "replicas.quorum: must be odd") {
			t.Errorf("a profile with %d members: %v", n, err)
		}
	}
}

// order is the order of the decisions for every component.
var order = []string{"replicas", "topologySpreadConstraints", "antiAffinity", "tolerations", "priorityClassName", "podDisruptionBudget", "updateStrategy", "strategy",
	"minReadySeconds", "backoffLimit", "concurrencyPolicy", "startingDeadlineSeconds", "timeZone", "successfulJobsHistoryLimit", "failedJobsHistoryLimit", "terminationGracePeriodSeconds", "startupProbe", "readinessProbe", "livenessProbe", "election", "persistentVolumeClaimRetentionPolicy", "syncInterval", "store", "resources"}

// (d) Every decision has a rule, a reason and a source; keys are unique and in order, and the result is deterministic.
func TestDecisionsAreWellFormed(t *testing.T) {
	checkAll(t, func(a decided) error {
		if len(a.decisions) == 0 && !(a.component.Managed && a.uncounted()) {
			return fmt.Errorf("no decision")
		}
		last := -1
		for _, d := range a.decisions {
			at := slices.Index(order, d.Key)
			if at <= last {
				return fmt.Errorf("%q is unknown, repeated or out of order", d.Key)
			}
			last = at
			for what, sentence := range map[string]string{"rule": d.Rule, "reason": d.Reason} {
				if !strings.HasSuffix(sentence, ".") || strings.TrimSpace(sentence) != sentence {
					return fmt.Errorf("%s: the %s is not a sentence: %q", d.Key, what, sentence)
				}
			}
			if d.Source == "" {
				return fmt.Errorf("%s: has no source", d.Key)
			}
		}
		if first, again := marshal(t, a.decisions), marshal(t, DecideFor(a.profile, a.component, a.n)); !bytes.Equal(first, again) {
			return fmt.Errorf("two calls differ:\n%s\n%s", first, again)
		}
		return nil
	})
}

func TestDecideUsesTheProfilesReplicas(t *testing.T) {
	p := profile.Profile{Replicas: profile.Replicas{Quorum: 5, Standby: 2, Stateless: 4}}
	for model, want := range map[stack.Replication]any{stack.Quorum: 5, stack.Standby: 2, stack.Stateless: 4, stack.Single: 1, stack.PerNode: nil, stack.Finite: nil, stack.Shards: 7} {
		c := stack.Component{Replication: model, Replicas: 7}
		if got := (decided{decisions: Decide(p, c)}).value("replicas"); got != want {
			t.Errorf("%s: %v, want %v", model, got, want)
		}
	}
}

// (e) Two standby pods never elect by majority, only managed components have a choice, and the durations of a Lease are valid in client-go.
func TestElection(t *testing.T) {
	leases := 0
	checkAll(t, func(a decided) error {
		e, _ := a.value("election").(Map)
		if want := a.component.Replication == stack.Standby && a.component.Election == stack.ElectionLeases; want != (e != nil) {
			return fmt.Errorf("election: %v", e)
		}
		switch {
		case e == nil:
			return nil
		case e["by"] == "nats" && a.n == 2:
			return fmt.Errorf("an election by majority between two pods needs both")
		case e["by"] == "nats":
			return nil
		case e["by"] != "leases" && a.component.Managed, e["by"] != nil && !a.component.Managed:
			return fmt.Errorf("by %v", e["by"])
		}
		leases++
		lease, renew, retry := duration(e["leaseDuration"]), duration(e["renewDeadline"]), duration(e["retryPeriod"])
		// The validation of client-go's leader election.
		if lease <= renew || renew <= retry*12/10 || retry < time.Second {
			return fmt.Errorf("lease %s, renewed within %s, every %s", lease, renew, retry)
		}
		return nil
	})
	if leases == 0 {
		t.Error("no Lease was checked")
	}
}

// (f) No pod is killed during its drain, during its start, or before its removal from the Service.
func TestGraceAndProbes(t *testing.T) {
	checkAll(t, func(a decided) error {
		grace, ok := a.value("terminationGracePeriodSeconds").(int)
		start, ready, alive := seconds(a.value("startupProbe")), seconds(a.value("readinessProbe")), seconds(a.value("livenessProbe"))
		if a.component.Managed {
			if ok || start+ready+alive > 0 {
				return fmt.Errorf("has a grace period or probes, which its custom resource does not support")
			}
			return nil
		}
		if drain := a.component.Drain; drain != nil && grace <= drain.Seconds+drain.SleepSeconds || grace < 1 {
			return fmt.Errorf("grace of %d s", grace)
		}
		if a.component.Probes.Alive.IsZero() {
			if start+ready+alive > 0 {
				return fmt.Errorf("probes without a handler")
			}
			return nil
		}
		if start < 60 || ready < 1 || alive <= ready {
			return fmt.Errorf("started within %d s, removed from the Service after %d s, restarted after %d s", start, ready, alive)
		}
		return nil
	})
}

// Quorum members and single pods keep the default tolerations of Kubernetes.
// TestStore: only JetStream has shares of its disk, which leave space for the file system and for other streams; and acknowledged messages
// are only in memory if the replicas are in several zones.
func TestStore(t *testing.T) {
	checkAll(t, func(a decided) error {
		shares, ok := a.value("store").(Map)
		if jetStream := a.component.Store == stack.StoreJetStream; ok != jetStream || (a.value("syncInterval") != nil) != jetStream {
			return fmt.Errorf("store %v, syncInterval %v", shares, a.value("syncInterval"))
		}
		if !ok {
			return nil
		}
		if file, stream := shares["filePercent"].(int), shares["streamPercent"].(int); file > 95 || stream > 90 || file < 50 || stream < 50 {
			return fmt.Errorf("shares %v", shares)
		}
		apart := a.n > 1 && a.profile.Domains("topology.kubernetes.io/zone") > 0
		if always := a.value("syncInterval") == "always"; always == apart {
			return fmt.Errorf("syncInterval %v", a.value("syncInterval"))
		}
		return nil
	})
}

func TestTolerations(t *testing.T) {
	checkAll(t, func(a decided) error {
		got := list(a.value("tolerations"))
		if a.isQuorum() || a.n == 1 || a.uncounted() || a.named() || a.profile.EvictAfterSeconds == 0 {
			if got != nil {
				return fmt.Errorf("tolerations: %v", got)
			}
			return nil
		}
		var keys []any
		for _, toleration := range got {
			keys = append(keys, toleration["key"])
			if toleration["tolerationSeconds"] != a.profile.EvictAfterSeconds || toleration["effect"] != "NoExecute" || toleration["operator"] != "Exists" {
				return fmt.Errorf("toleration: %v", toleration)
			}
		}
		if fmt.Sprint(keys) != "[node.kubernetes.io/not-ready node.kubernetes.io/unreachable]" {
			return fmt.Errorf("tolerations of %v", keys)
		}
		return nil
	})
}

func TestDecisions(t *testing.T) {
	disk := stack.Claims{{Size: "1Gi", Path: "/data"}}
	components := map[string]stack.Component{
		"quorum":            {Replication: stack.Quorum, Storage: disk, Drain: &stack.Drain{Seconds: 30}},
		"managed quorum":    {Replication: stack.Quorum, Managed: true},
		"standby":           {Replication: stack.Standby},
		"managed standby":   {Replication: stack.Standby, Managed: true, Election: stack.ElectionLeases},
		"stateless":         {Replication: stack.Stateless, Drain: &stack.Drain{SleepSeconds: 5, Seconds: 10}},
		"managed stateless": {Replication: stack.Stateless, Managed: true},
		"stateless on disk": {Replication: stack.Stateless, Storage: disk},
		"single":            {Replication: stack.Single},
		"single on disk":    {Replication: stack.Single, Storage: disk},
		"per-node":          {Replication: stack.PerNode},
		"shards":            {Replication: stack.Shards, Replicas: 4},
		"needs":             {Replication: stack.Needs, Replicas: 5, Needs: 3},
		"finite":            {Replication: stack.Finite},
		"finite on time":    {Replication: stack.Finite, Schedule: "@daily"},
	}
	for _, c := range []struct{ profile, component, want string }{
		{"single-node", "quorum", "1 pods; budget none; updateStrategy RollingUpdate; grace 60; disk Retain"},
		{"single-node", "managed quorum", "1 pods; budget none"},
		{"single-node", "standby", "1 pods; budget none; strategy RollingUpdate; grace 30"},
		{"single-node", "managed standby", "1 pods; budget none; election nats"},
		{"single-node", "stateless", "1 pods; budget none; strategy RollingUpdate; grace 45"},
		{"single-node", "managed stateless", "1 pods; budget none"},
		{"single-node", "stateless on disk", "1 pods; budget none; updateStrategy RollingUpdate; grace 30; disk Retain"},
		{"single-node", "single", "1 pods; budget none; updateStrategy RollingUpdate; grace 30"},
		{"single-node", "single on disk", "1 pods; budget none; updateStrategy RollingUpdate; grace 30; disk Retain"},
		{"single-node", "per-node", "updateStrategy RollingUpdate; grace 30"},

		{"multi-node", "quorum", "3 pods; zone preferred; node minDomains 3; budget 1; updateStrategy RollingUpdate; grace 60; disk Retain"},
		{"multi-node", "managed quorum", "3 pods; zone preferred; node required up to 3; budget 1"},
		{"multi-node", "standby", "2 pods; zone preferred; node minDomains 2; evicted after 30; budget 1; strategy RollingUpdate; grace 30"},
		{"multi-node", "managed standby", "2 pods; zone preferred; node required up to 3; evicted after 30; budget 1; election leases"},
		{"multi-node", "stateless", "2 pods; zone preferred; node minDomains 2; evicted after 30; budget 1; strategy RollingUpdate; grace 45"},
		{"multi-node", "managed stateless", "2 pods; zone preferred; node required up to 3; evicted after 30; budget 1"},
		{"multi-node", "stateless on disk", "2 pods; zone preferred; node minDomains 2; evicted after 30; budget 1; updateStrategy RollingUpdate; grace 30; disk Retain"},
		{"multi-node", "single", "1 pods; budget none; updateStrategy RollingUpdate; grace 30"},
		{"multi-node", "single on disk", "1 pods; budget none; updateStrategy RollingUpdate; grace 30; disk Retain"},
		{"multi-node", "per-node", "updateStrategy RollingUpdate; grace 30"},

		{"multi-zone", "quorum", "3 pods; zone minDomains 3; node minDomains 3; budget 1; updateStrategy RollingUpdate; grace 60; disk Retain"},
		{"multi-zone", "managed quorum", "3 pods; zone required up to 3; node required up to 3; budget 1"},
		{"multi-zone", "standby", "2 pods; zone minDomains 2; node preferred; evicted after 30; budget 1; strategy RollingUpdate; grace 30"},
		{"multi-zone", "managed standby", "2 pods; zone required up to 3; node preferred; evicted after 30; budget 1; election leases"},
		{"multi-zone", "stateless", "3 pods; zone minDomains 2; node preferred; evicted after 30; budget 1; strategy RollingUpdate; grace 45"},
		{"multi-zone", "managed stateless", "3 pods; zone required up to 3; node preferred; evicted after 30; budget 1"},
		{"multi-zone", "stateless on disk", "3 pods; zone minDomains 2; node preferred; evicted after 30; budget 1; updateStrategy RollingUpdate; grace 30; disk Retain"},
		{"multi-zone", "single", "1 pods; budget none; updateStrategy RollingUpdate; grace 30"},
		{"multi-zone", "single on disk", "1 pods; budget none; updateStrategy RollingUpdate; grace 30; disk Retain"},
		{"multi-zone", "per-node", "updateStrategy RollingUpdate; grace 30"},

		{"single-node", "shards", "4 pods; budget none; updateStrategy RollingUpdate; grace 30"},
		{"multi-node", "shards", "4 pods; zone preferred; node preferred; budget 1; updateStrategy RollingUpdate; grace 30"},
		{"multi-zone", "shards", "4 pods; zone preferred; node preferred; budget 1; updateStrategy RollingUpdate; grace 30"},
		{"single-node", "needs", "3 pods; budget none; updateStrategy RollingUpdate; grace 30"},
		{"multi-node", "needs", "5 pods; zone preferred; node minDomains 3; budget 2; updateStrategy RollingUpdate; grace 30"},
		{"multi-zone", "needs", "5 pods; zone minDomains 3; node minDomains 3; budget 2; updateStrategy RollingUpdate; grace 30"},

		{"single-node", "finite", "20 retries; grace 30"},
		{"multi-zone", "finite", "20 retries; grace 30"},
		{"multi-zone", "finite on time", "6 retries; Forbid; deadline 3600; in Etc/UTC; grace 30"},
	} {
		t.Run(c.profile+"/"+c.component, func(t *testing.T) {
			p, err := profile.Find(shippedProfiles(t), c.profile)
			if err != nil {
				t.Fatal(err)
			}
			component, ok := components[c.component]
			if !ok {
				t.Fatalf("no component %q", c.component)
			}
			if got := summary(decided{profile: p, decisions: Decide(p, component)}); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// summary returns decisions in one line.
func summary(a decided) string {
	var words []string
	for _, d := range a.decisions {
		switch d.Key {
		case "replicas":
			words = append(words, fmt.Sprintf("%d pods", d.Value))
		case "topologySpreadConstraints", "antiAffinity":
			for _, rule := range list(d.Value) {
				words = append(words, domain(a.profile, rule).Name+" "+strength(rule))
			}
		case "tolerations":
			words = append(words, fmt.Sprintf("evicted after %v", list(d.Value)[0]["tolerationSeconds"]))
		case "podDisruptionBudget":
			budget := "none"
			if value, ok := d.Value.(Map); ok {
				budget = fmt.Sprint(value["maxUnavailable"])
			}
			words = append(words, "budget "+budget)
		case "updateStrategy", "strategy":
			words = append(words, fmt.Sprintf("%s %v", d.Key, d.Value.(Map)["type"]))
		case "terminationGracePeriodSeconds":
			words = append(words, fmt.Sprintf("grace %v", d.Value))
		case "backoffLimit":
			words = append(words, fmt.Sprintf("%v retries", d.Value))
		case "concurrencyPolicy":
			words = append(words, fmt.Sprint(d.Value))
		case "startingDeadlineSeconds":
			words = append(words, fmt.Sprintf("deadline %v", d.Value))
		case "timeZone":
			words = append(words, fmt.Sprintf("in %v", d.Value))
		case "election":
			words = append(words, fmt.Sprintf("election %v", d.Value.(Map)["by"]))
		case "persistentVolumeClaimRetentionPolicy":
			words = append(words, fmt.Sprintf("disk %v", d.Value.(Map)["whenDeleted"]))
		}
	}
	return strings.Join(words, "; ")
}

// strength formats the strictness of a constraint.
func strength(rule Map) string {
	switch {
	case rule["minDomains"] != nil:
		return fmt.Sprintf("minDomains %v", rule["minDomains"])
	case rule["hardUpTo"] != nil && rule["hardUpTo"] != 0:
		return fmt.Sprintf("required up to %v", rule["hardUpTo"])
	}
	return "preferred"
}

// domain returns the failure domain of a constraint.
func domain(p profile.Profile, rule Map) profile.Domain {
	for _, d := range p.Prefers {
		if d.Label == rule["topologyKey"] {
			return profile.Domain{Name: d.Name, Label: d.Label}
		}
	}
	i := slices.IndexFunc(p.Survives, func(d profile.Domain) bool { return d.Label == rule["topologyKey"] })
	return p.Survives[i]
}

func list(value any) []Map {
	items, _ := value.([]any)
	var maps []Map
	for _, item := range items {
		maps = append(maps, item.(Map))
	}
	return maps
}

// seconds returns the time for which a probe may fail before the kubelet acts.
func seconds(probe any) int {
	timing, ok := probe.(Map)
	if !ok {
		return 0
	}
	return timing["periodSeconds"].(int) * timing["failureThreshold"].(int)
}

// duration parses a duration, or panics.
func duration(value any) time.Duration {
	d, err := time.ParseDuration(value.(string))
	if err != nil {
		panic(err)
	}
	return d
}

func shippedProfiles(t *testing.T) []profile.Profile {
	t.Helper()
	all, err := profile.Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func shippedStacks(t *testing.T) []stack.Stack {
	t.Helper()
	entries, err := stacks.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var all []stack.Stack
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".yaml") {
			s, err := stack.Load(stacks.FS, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
	}
	return all
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// majority returns the majority of n quorum members: the reference for the policy.
func majority(n int) int { return n/2 + 1 }

// spare returns the number of quorum members that may fail while the others have the majority.
func spare(n int) int { return (n - 1) / 2 }
