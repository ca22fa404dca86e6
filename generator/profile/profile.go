// Package profile loads the topologies that a stack can be generated for.
//
// A profile is a contract: the cluster that it needs, the failures that its systems survive there, and the few numbers that a
// person chooses. Package ha derives all other values from these numbers.
package profile

import "strings"

// Profile is one topology: a file in profiles/.
type Profile struct {
	// Name selects the profile: single-node, multi-node, multi-zone.
	Name string `yaml:"name" json:"name"`
	// Summary is one sentence for lists.
	Summary string `yaml:"summary" json:"summary"`
	// Needs is the smallest cluster on which the promise can be kept.
	Needs Needs `yaml:"needs" json:"needs"`
	// Survives lists the failure domains, the widest first: any one domain of each kind may fail. Empty: none.
	Survives []Domain `yaml:"survives" json:"survives"`
	// Prefers lists further domains over which pods spread where there are several. Nothing is promised about them.
	Prefers []Preference `yaml:"prefers" json:"prefers,omitempty"`
	// Promise is the contract in words.
	Promise Promise `yaml:"promise" json:"promise"`
	// Replicas is the number of pods per replication model.
	Replicas Replicas `yaml:"replicas" json:"replicas"`
	// EvictAfterSeconds is the time after which pods are evicted from an unreachable node; 0 is the Kubernetes default of 300.
	EvictAfterSeconds int `yaml:"evictAfterSeconds" json:"evictAfterSeconds,omitempty"`
}

// Needs is the size of a cluster. Zones is 0 if the profile needs no zones.
type Needs struct {
	Nodes int `yaml:"nodes" json:"nodes"`
	Zones int `yaml:"zones" json:"zones,omitempty"`
}

// Domain is a kind of failure domain: nodes with the same value of Label fail together.
type Domain struct {
	Name  string `yaml:"name" json:"name"`
	Label string `yaml:"label" json:"label"`
	// Domains is the number of domains that the profile needs.
	Domains int `yaml:"domains" json:"domains"`
}

// Preference is a kind of domain that is not a failure domain of the profile: nodes with the same value of Label.
type Preference struct {
	Name  string `yaml:"name" json:"name"`
	Label string `yaml:"label" json:"label"`
}

// Promise is the contract in words.
type Promise struct {
	Service string `yaml:"service" json:"service"`
	Data    string `yaml:"data" json:"data"`
	// After is the promise during a failure.
	After string `yaml:"after" json:"after"`
}

// Replicas is the number of pods of each replication model that can have several.
type Replicas struct {
	Quorum    int `yaml:"quorum" json:"quorum"`
	Standby   int `yaml:"standby" json:"standby"`
	Stateless int `yaml:"stateless" json:"stateless"`
}

// Survivor reports whether the profile promises to survive the failure of any domain.
func (p Profile) Survivor() bool { return len(p.Survives) > 0 }

// Requirement returns the failure domains in the form that verify parses: NAME=LABEL, separated by commas; "" for none.
func (p Profile) Requirement() string {
	var all []string
	for _, d := range p.Survives {
		all = append(all, d.Name+"="+d.Label)
	}
	return strings.Join(all, ",")
}

// Domains returns the number of domains that the profile needs for a node label; 0 if no failure domain has the label.
func (p Profile) Domains(label string) int {
	for _, d := range p.Survives {
		if d.Label == label {
			return d.Domains
		}
	}
	return 0
}
