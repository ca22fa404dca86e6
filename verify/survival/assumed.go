package survival

import "fmt"

// Assumed is what plays take for granted of every cluster, in sentences.
func Assumed() []string {
	return []string{
		fmt.Sprintf("A lost node is noticed after %s, as by the control plane's defaults.", noticed),
		"Images are on the nodes, probes succeed as soon as they may, and pods take all the time that they are given to stop.",
		fmt.Sprintf("A standby takes over when a lease of %s has run out.", election),
		"A disk of a StorageClass that is not among the manifests is made where its first pod is placed, and stays in that zone.",
	}
}
