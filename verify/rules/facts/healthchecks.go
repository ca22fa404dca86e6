package facts

import (
	"regexp"
	"slices"
)

// HealthCheck is the known meaning of a probe's request to a quorum member.
type HealthCheck struct {
	// ClusterState is how the result depends on other members, as the end of a sentence; "" if it concerns this member alone.
	ClusterState string

	// software are the programs with this health check; nil for any program.
	software []string
	request  *regexp.Regexp
}

// healthChecks are known health checks. The first that matches counts. Sources:
//   - nats: nats-server's server/monitor.go, healthz
//   - etcd: server/etcdserver/api/etcdhttp/health.go; "endpoint health" of etcdctl commits a proposal
//   - vault and openbao: API documentation of /sys/health
//   - cockroach: API documentation of /health
//   - zookeeper: the administrator's guide on ruok, which the script of the Kubernetes example runs
//   - rabbitmq: monitoring guide, health checks
var healthChecks = []HealthCheck{
	{"", nats, regexp.MustCompile(`^/healthz.*[?&]js-(server|enabled)(-only)?=(1|[tT]|TRUE|true|True)(&|$)`)},
	{"fails while JetStream has no leader or a stream lags", nats, regexp.MustCompile(`^/healthz`)},
	{"", nats, regexp.MustCompile(`^/(varz)?$`)},
	{"", etcd, regexp.MustCompile(`^/livez|^/health.*[?&]serializable=true(&|$)`)},
	{"fails while there is no leader", etcd, regexp.MustCompile(`^/health|^/readyz`)},
	{"commits a proposal and fails without a majority", etcd, regexp.MustCompile(`\betcdctl\b.*\bendpoint health\b`)},
	{"", vault, regexp.MustCompile(`^/v1/sys/health.*[?&](standbyok=true(&|$)|standbycode=[23])`)},
	{"returns 429 on every member but the active one", vault, regexp.MustCompile(`^/v1/sys/health`)},
	{"fails while no majority is reachable", cockroach, regexp.MustCompile(`^/health.*[?&]ready=`)},
	{"", cockroach, regexp.MustCompile(`^/health`)},
	{"", nil, regexp.MustCompile(`\b(ruok|zookeeper-ready)\b`)},
	{"", nil, regexp.MustCompile(`\brabbitmq-diagnostics\b.*\sping\b`)},
}

// Names of images of the same software.
var (
	nats      = []string{"nats", "nats-server"}
	etcd      = []string{"etcd"}
	vault     = []string{"vault", "openbao"}
	cockroach = []string{"cockroach"}
)

// HealthCheck returns the known meaning of a probe's request.
func (c Container) HealthCheck(p Probe) (h HealthCheck, known bool) {
	request := p.Request()
	i := slices.IndexFunc(healthChecks, func(h HealthCheck) bool {
		return request != "" && (h.software == nil || slices.Contains(h.software, c.Software())) && h.request.MatchString(request)
	})
	if i < 0 {
		return HealthCheck{}, false
	}
	return healthChecks[i], true
}
