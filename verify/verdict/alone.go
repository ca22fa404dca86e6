package verdict

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// remedies returns what each workload with one pod needs to survive the failure of it, as an instruction. It is "" for the others.
func remedies(s *workload.System) []string {
	claims := map[*workload.Workload]string{}
	for _, m := range facts.New(s).SingleNodeClaims() {
		for _, w := range m.Workloads {
			claims[w] = fmt.Sprintf("run a second replica on a volume that both can mount: claim %s is %s", m.Claim.Name, m.AccessModes())
		}
	}
	all := make([]string, len(s.Workloads))
	for i, w := range s.Workloads {
		if w.Replicas == 1 && w.Replication.Needs(1) == 1 && w.Group == nil {
			all[i] = remedy(w, claims[w])
		}
	}
	return all
}

func remedy(w *workload.Workload, claim string) string {
	switch model := w.Replication.Model; {
	case w.Kind == workload.Pod:
		return "create it by a controller, like a Deployment, with two replicas"
	case w.Replication.Fixed:
		return "it never has a second pod"
	case claim != "":
		return claim
	case model == workload.Single && w.Replication.Assumed && w.Software == nil:
		return "run 3 replicas, if its software copies its data to each of them"
	case model == workload.Single, model == workload.Quorum, model == workload.Elected:
		return "run 3 replicas"
	}
	return "run a second replica"
}
