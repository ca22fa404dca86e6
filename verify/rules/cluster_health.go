package rules

import (
	"regexp"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// answer is what is known of a question that a probe asks a voter.
type answer struct {
	// software is what knows the question; nil if nothing else does.
	software []string
	// question matches the request's path with its query, or the command line.
	question *regexp.Regexp
	// why says how the other voters decide the answer; "" where it is about the one that is asked.
	why string
}

// answers is what is known of probes; of several that match the first holds. Read from:
//   - nats: nats-server's server/monitor.go, healthz
//   - etcd: server/etcdserver/api/etcdhttp/health.go; "endpoint health" of etcdctl commits a proposal
//   - vault and openbao: their API's page on /sys/health
//   - cockroach: its API's page on /health
//   - zookeeper: the administrator's guide on ruok, which the script of Kubernetes' own example asks
//   - rabbitmq: the page on monitoring, health checks
var answers = []answer{
	{nats, regexp.MustCompile(`^/healthz.*[?&]js-(server|enabled)(-only)?=(1|[tT]|TRUE|true|True)(&|$)`), ""},
	{nats, regexp.MustCompile(`^/healthz`), "fails while JetStream has no leader or a stream lags"},
	{nats, regexp.MustCompile(`^/(varz)?$`), ""},
	{etcd, regexp.MustCompile(`^/livez|^/health.*[?&]serializable=true(&|$)`), ""},
	{etcd, regexp.MustCompile(`^/health|^/readyz`), "fails while there is no leader"},
	{etcd, regexp.MustCompile(`\betcdctl\b.*\bendpoint health\b`), "commits a proposal, and fails while there is no majority"},
	{vault, regexp.MustCompile(`^/v1/sys/health.*[?&](standbyok=true(&|$)|standbycode=[23])`), ""},
	{vault, regexp.MustCompile(`^/v1/sys/health`), "is 429 on all voters but the active one"},
	{cockroach, regexp.MustCompile(`^/health.*[?&]ready=`), "fails while no majority can be reached"},
	{cockroach, regexp.MustCompile(`^/health`), ""},
	{nil, regexp.MustCompile(`\b(ruok|zookeeper-ready)\b`), ""},
	{nil, regexp.MustCompile(`\brabbitmq-diagnostics\b.*\sping\b`), ""},
}

var (
	nats      = []string{"nats", "nats-server"}
	etcd      = []string{"etcd"}
	vault     = []string{"vault", "openbao"}
	cockroach = []string{"cockroach"}
)

// answerOf is what is known of a container's probe.
func answerOf(c container, p named) (answer, bool) {
	asks := p.asks()
	i := slices.IndexFunc(answers, func(a answer) bool {
		return asks != "" && (a.software == nil || slices.Contains(a.software, c.software())) && a.question.MatchString(asks)
	})
	if i < 0 {
		return answer{}, false
	}
	return answers[i], true
}

// waitsForOthers tells whether a voter may become ready only when others are there: it has a probe that keeps it from being
// ready, and that neither only connects nor is known to be about the one voter alone.
func waitsForOthers(w *workload.Workload) bool {
	for _, c := range voting(w) {
		for _, p := range c.probes() {
			if p.field == "livenessProbe" || p.asks() == "" {
				continue
			}
			if a, known := answerOf(c, p); !known || a.why != "" {
				return true
			}
		}
	}
	return false
}
