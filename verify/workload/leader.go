package workload

import (
	"cmp"
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
//     (/leaderelection) succeeds on all pods, and not /v1/status/leader of Consul and Nomad, by which every server names the leader
var leaderReadiness = []struct {
	system  string
	request *regexp.Regexp
}{
	{"PostgreSQL", regexp.MustCompile(`^/(primary|master|read-write|leader|standby-leader)?(\?.*)?$`)},
	{"Vault, OpenBao", regexp.MustCompile(`^/v1/sys/health(\?|$)`)},
	{"", regexp.MustCompile(`(?i)(^|[^a-z])(is-?)?leader($|[^a-z])`)},
}

var (
	leaderElection = regexp.MustCompile(`(?i)leader-?_?elect|^/v1/status/leader`)
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

// probeRequest returns the path of an HTTP probe or the service of a gRPC probe, also if a command sends the request; "" for others.
func probeRequest(p *corev1.Probe) string {
	switch {
	case p == nil:
		return ""
	case p.HTTPGet != nil:
		return p.HTTPGet.Path
	case p.GRPC != nil && p.GRPC.Service != nil:
		return *p.GRPC.Service
	case p.Exec != nil:
		return commandRequest(p.Exec.Command)
	}
	return ""
}

// Commands that fail if the server refuses the request: curl with --fail, wget, and grpc_health_probe.
var (
	shellFlag   = regexp.MustCompile(`^-[a-z]*c$`)
	orExit      = regexp.MustCompile(`\s*\|\|\s*exit\s+\d+\s*;?\s*$`)
	nextCommand = regexp.MustCompile(`;|&&|\n`)
	httpCommand = regexp.MustCompile(`^(exec\s+)?(\S*/)?(wget\s|curl\s(.*\s)?(-[A-Za-z]*f[A-Za-z]*|--fail(-with-body)?)\s)`)
	address     = regexp.MustCompile(`^["']?(https?://[^/\s"']+|(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s"']*)?["']?$`)
	grpcCommand = regexp.MustCompile(`^(exec\s+)?(\S*/)?grpc_health_probe\s.*-service[= ]["']?([^\s"']+)`)
)

// commandRequest returns the request that the last command of a probe sends and whose failure is that of the probe, "" if there is
// none, or if it is not certain.
func commandRequest(command []string) string {
	text := strings.Join(command, " ")
	if len(command) > 2 && shellFlag.MatchString(command[1]) {
		text = command[2]
	}
	all := nextCommand.Split(strings.TrimRight(orExit.ReplaceAllString(text, ""), "; \n"), -1)
	last := strings.TrimSpace(all[len(all)-1])
	if strings.Contains(last, "|") {
		return ""
	}
	if found := grpcCommand.FindStringSubmatch(last); found != nil {
		return found[3]
	}
	if !httpCommand.MatchString(last) {
		return ""
	}
	for _, word := range strings.Fields(last) {
		if found := address.FindStringSubmatch(word); found != nil {
			return cmp.Or(found[4], "/")
		}
	}
	return ""
}
