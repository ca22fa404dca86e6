package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// requiredDomains maps the node labels over which a StatefulSet must spread its pods to the number of pods that one value of the
// label may have more than another.
func (o *object) requiredDomains() map[string]int {
	all := map[string]int{}
	for _, c := range items(o.tree, "spec", "template", "spec", "topologySpreadConstraints") {
		if text(c, "whenUnsatisfiable") != "ScheduleAnyway" {
			all[text(c, "topologyKey")] = number(c, 1, "maxSkew")
		}
	}
	return all
}

// Domains returns the value of a node label that all nodes have where the disk of a claim can be used; "" if it can be used on every node.
// The error is the reason why the value is unknown.
type Domains func(claim, label string) (value string, err error)

// errNotRead is the reason without a cluster.
var errNotRead = errors.New("pass --from-release to read them")

// separations finds StatefulSets whose pods must be in different domains from now on, while their disks may share one: such a
// pod stays Pending, and the rollout stops there.
func separations(s sides, domains Domains) []Finding {
	var all []Finding
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil || o.set() == "" || len(claimNames(o)) == 0 {
			continue
		}
		was := from.requiredDomains()
		will := o.requiredDomains()
		for _, label := range sortedKeys(will) {
			// Disks on one node are not pinned to it by its name, except local ones, which have always been apart.
			if _, before := was[label]; !before && label != "kubernetes.io/hostname" {
				all = append(all, o.separation(from, label, will[label], domains))
			}
		}
	}
	return all
}

// separation is the finding for a StatefulSet whose pods must be in different domains from now on.
func (o *object) separation(from *object, label string, skew int, domains Domains) Finding {
	name := label[strings.LastIndexByte(label, '/')+1:]
	f := Finding{Verdict: Confirm, Object: o.Object}
	if domains == nil {
		domains = func(string, string) (string, error) { return "", errNotRead }
	}
	places, unknown := map[string][]string{}, map[string][]string{}
	for _, claim := range claimNames(o) {
		if !slices.Contains(claimNames(from), claim) {
			continue
		}
		switch value, err := domains(claim, label); {
		case err != nil:
			unknown[err.Error()] = append(unknown[err.Error()], claim)
		case value != "":
			places[value] = append(places[value], claim)
		}
	}
	var doubts []string
	for _, reason := range sortedKeys(unknown) {
		doubts = append(doubts, fmt.Sprintf("%s (%s)", strings.Join(unknown[reason], ", "), reason))
	}
	var shared []string
	for _, value := range sortedKeys(places) {
		if claims := places[value]; len(claims) > skew {
			shared = append(shared, fmt.Sprintf("%s in %s %s", strings.Join(claims, " and "), name, value))
		}
	}
	const steps = "A pod whose disk is there stays Pending and the rollout stops. Then delete its claim and the pod, and wait until it is Ready in another %s, one member after the other"
	switch {
	case len(shared) > 0:
		f.Verdict, f.Text = ByHand, fmt.Sprintf("its pods must be in different %ss from now on, and disks share one: %s. ", name, strings.Join(shared, "; "))+fmt.Sprintf(steps, name)
	case len(doubts) > 0:
		f.Text = fmt.Sprintf("its pods must be in different %ss from now on, and it is unknown whether disks share one: %s. Check the node affinity of their volumes: kubectl get pv. ", name, strings.Join(doubts, "; ")) + fmt.Sprintf(steps, name)
	default:
		f.Verdict, f.Text = InPlace, fmt.Sprintf("its pods must be in different %ss from now on, and their disks allow it", name)
	}
	return f
}
