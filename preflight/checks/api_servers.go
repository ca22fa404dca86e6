package checks

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// apiServers counts the API servers.
//
// Each API server has a Lease in kube-system with the label apiserver.kubernetes.io/identity (pkg/controlplane/apiserver/server.go,
// v1.36), and is an endpoint of the Service kubernetes (pkg/controlplane/reconcilers). A load balancer of a provider may be the only
// endpoint, so the larger number counts.
var apiServers = Check{
	ID: "api-servers", Title: "There are several API servers", Reads: []snapshot.Resource{snapshot.Leases, snapshot.Endpoints},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		leases, addresses := liveServers(s.Leases), map[string]bool{}
		for _, slice := range s.Endpoints {
			if slice.Namespace == metav1.NamespaceDefault && slice.Labels[discoveryv1.LabelServiceName] == "kubernetes" {
				for _, e := range slice.Endpoints {
					if len(e.Addresses) > 0 {
						addresses[e.Addresses[0]] = true
					}
				}
			}
		}
		switch n := max(leases, len(addresses)); {
		case n == 0:
			return "", []Finding{{Status: Unknown, Message: "no API server has a Lease or an endpoint: their number is unknown",
				Fix: "ask the provider of the control plane, then pass --accept api-servers"}}
		case n == 1 && leases == 0:
			return "", []Finding{{Status: Unknown, Message: "the Service kubernetes has one endpoint, and API servers have no Leases: behind the endpoint may be a load balancer",
				Fix: "ask the provider of the control plane, then pass --accept api-servers"}}
		case n == 1:
			return "", []Finding{{Status: Warn, Message: "one API server: while it is down, no pod is replaced, scheduled or evicted",
				Fix: "run three control plane nodes in different zones"}}
		default:
			return count(n, "API server"), nil
		}
	},
}

// identity is the label of the Leases of API servers.
const identity = "apiserver.kubernetes.io/identity"

// liveServers returns the number of API servers whose Lease has not expired. The present time is the latest renewal of any Lease, so
// that the clock of this machine does not matter.
func liveServers(leases []*coordinationv1.Lease) (n int) {
	var now time.Time
	for _, l := range leases {
		if l.Spec.RenewTime != nil && l.Spec.RenewTime.After(now) {
			now = l.Spec.RenewTime.Time
		}
	}
	for _, l := range leases {
		if l.Namespace != metav1.NamespaceSystem || l.Labels[identity] == "" || l.Spec.RenewTime == nil || l.Spec.LeaseDurationSeconds == nil {
			continue
		}
		if expires := l.Spec.RenewTime.Add(time.Duration(*l.Spec.LeaseDurationSeconds) * time.Second); !expires.Before(now) {
			n++
		}
	}
	return n
}
