package workload

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// leaderReadiness are requests of readiness probes that only the leader's pod answers with success. The first whose software
// matches counts. Sources:
//   - Patroni: REST API, health check endpoints: /, /primary, /read-write, /leader and /standby-leader succeed on one pod
//   - Vault and OpenBao: API documentation of /sys/health: 429 on a standby without standbyok
//   - any: a path or gRPC service that names the leader, such as /leader or leader-readiness; not an election, whose watchdog
//     (/leaderelection) succeeds on all pods
var leaderReadiness = []struct {
	system  string
	request *regexp.Regexp
}{
	{"PostgreSQL", regexp.MustCompile(`^/(primary|master|read-write|leader|standby-leader)?(\?.*)?$`)},
	{"Vault, OpenBao", regexp.MustCompile(`^/v1/sys/health(\?|$)`)},
	{"", regexp.MustCompile(`(?i)(^|[^a-z])(is-?)?leader($|[^a-z])`)},
}

var (
	leaderElection = regexp.MustCompile(`(?i)leader-?_?elect`)
	standbyOK      = regexp.MustCompile(`[?&](standbyok=true(&|$)|standbycode=[23]|perfstandbyok=true(&|$))`)
)

// leaderOnly returns why only the leader's pod is Ready, "" if that is not known.
func (w *Workload) leaderOnly() string {
	if !slices.Contains([]Model{Standby, Elected, Quorum}, w.Replication.Model) {
		return ""
	}
	for i, c := range w.Template.Spec.Containers {
		request := probeRequest(c.ReadinessProbe)
		if request == "" || leaderElection.MatchString(request) || standbyOK.MatchString(request) {
			continue
		}
		for _, r := range leaderReadiness {
			if r.system != "" && (w.Software == nil || w.Software.System != r.system || w.Software.Container != i) {
				continue
			}
			if r.request.MatchString(request) {
				return fmt.Sprintf("only the leader passes the readiness probe %q", strings.TrimSpace(request))
			}
		}
	}
	return ""
}

// probeRequest returns the path of an HTTP probe or the service of a gRPC probe; "" for others.
func probeRequest(p *corev1.Probe) string {
	switch {
	case p == nil:
		return ""
	case p.HTTPGet != nil:
		return p.HTTPGet.Path
	case p.GRPC != nil && p.GRPC.Service != nil:
		return *p.GRPC.Service
	}
	return ""
}
