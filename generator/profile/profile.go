// Package profile loads the topologies that a stack can be generated for.
//
// A profile is a contract: what it needs, what it then survives, and the few numbers that a person chooses.
// Everything that follows from those numbers is decided in package ha.
package profile

import "strings"

// Profile is one topology, as a file in profiles/ describes it.
type Profile struct {
	// Name is how users choose the profile: single-node, multi-node, multi-zone.
	Name string `yaml:"name" json:"name"`
	// Summary is one sentence for lists.
	Summary string `yaml:"summary" json:"summary"`
	// Needs is the smallest cluster on which the promise holds.
	Needs Needs `yaml:"needs" json:"needs"`
	// Survives lists the failure domains of which any one may be lost, the widest first. Empty: none.
	Survives []Domain `yaml:"survives" json:"survives"`
	// Promise says the same for people.
	Promise Promise `yaml:"promise" json:"promise"`
	// Replicas holds the pods per replication model where a person may choose.
	Replicas Replicas `yaml:"replicas" json:"replicas"`
	// EvictAfterSeconds is how long pods stay bound to a node that has gone silent; 0 leaves Kubernetes' default of 300.
	EvictAfterSeconds int `yaml:"evictAfterSeconds" json:"evictAfterSeconds,omitempty"`
}

// Needs is the smallest cluster that a profile's promise holds on. Zones is 0 where zones do not matter.
type Needs struct {
	Nodes int `yaml:"nodes" json:"nodes"`
	Zones int `yaml:"zones" json:"zones,omitempty"`
}

// Domain is a kind of failure domain: what fails together, and the node label that tells its members.
type Domain struct {
	Name  string `yaml:"name" json:"name"`
	Label string `yaml:"label" json:"label"`
	// Domains is how many of them the profile counts on.
	Domains int `yaml:"domains" json:"domains"`
}

// Promise is the contract in words.
type Promise struct {
	Service string `yaml:"service" json:"service"`
	Data    string `yaml:"data" json:"data"`
	// After is what holds after one failure, until it is healed.
	After string `yaml:"after" json:"after"`
}

// Replicas is the number of pods for each replication model that can have several.
type Replicas struct {
	Quorum    int `yaml:"quorum" json:"quorum"`
	Standby   int `yaml:"standby" json:"standby"`
	Stateless int `yaml:"stateless" json:"stateless"`
}

// Survivor reports whether the profile promises to survive the loss of any failure domain at all.
func (p Profile) Survivor() bool { return len(p.Survives) > 0 }

// Requirement returns the failure domains in the form that verify parses: NAME=LABEL, separated by commas; "" for none.
func (p Profile) Requirement() string {
	var all []string
	for _, d := range p.Survives {
		all = append(all, d.Name+"="+d.Label)
	}
	return strings.Join(all, ",")
}

// Domains returns how many domains the profile counts on for a node label; 0 if it does not name the label.
func (p Profile) Domains(label string) int {
	for _, d := range p.Survives {
		if d.Label == label {
			return d.Domains
		}
	}
	return 0
}
