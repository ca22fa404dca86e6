package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// busKind returns the field of an EventBus that chooses its implementation: jetstreamExotic, jetstream, kafka or nats.
func busKind(bus *object) string {
	for _, kind := range []string{"nats", "jetstream", "kafka", "jetstreamExotic"} {
		if at(bus.tree, "spec", kind) != nil {
			return kind
		}
	}
	return ""
}

// busChanges finds an EventBus that becomes another one: its events stay behind. Argo Events copies none.
func busChanges(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		to := find(s.to, o.Object)
		if !o.is(argo, "EventBus") {
			continue
		}
		if to != nil && busKind(o) != busKind(to) {
			// A sensor creates its consumer with DeliverNew (argo-events v1.9.11 pkg/eventbus/jetstream/sensor/trigger_conn.go).
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: fmt.Sprintf("the bus changes from %s to %s, and its events stay on the old one: stop the event sources and wait until no sensor has pending events, then upgrade. "+
				"Events that are published before a sensor connects to the new bus do not reach it, so start the event sources last", busKind(o), busKind(to))})
		}
		if to == nil {
			all = append(all, renamedBus(s, o)...)
		}
	}
	return all
}

// renamedBus finds the effects of the removal of an EventBus that another one replaces.
func renamedBus(s sides, o *object) []Finding {
	i := slices.IndexFunc(s.to, func(other *object) bool { return other.is(argo, "EventBus") && find(s.from, other.Object) == nil })
	kept := text(o.tree, "metadata", "annotations", "helm.sh/resource-policy") == "keep"
	switch {
	case i < 0:
		return nil
	case busKind(o) == "jetstream" && kept:
		return []Finding{{Verdict: ByHand, Object: o.Object, Text: fmt.Sprintf("%s replaces it with new servers and empty disks. It stays on the cluster with its events: let the sensors process them, then delete it", s.to[i].Object)}}
	case busKind(o) == "jetstream":
		// pkg/reconciler/eventbus/installer/jetstream.go, Uninstall.
		return []Finding{{Verdict: LosesData, Object: o.Object, Text: fmt.Sprintf("%s replaces it, and its controller deletes its disks with it", s.to[i].Object)}}
	case busKind(o) == busKind(s.to[i]):
		// The stream has the name default whatever the bus is called (pkg/apis/events/v1alpha1/const.go JetStreamStreamName).
		return []Finding{{Verdict: Confirm, Object: o.Object, Text: fmt.Sprintf("%s replaces it on the same servers, with the same events. Event sources and sensors outside of this release that use it stop", s.to[i].Object)}}
	}
	return []Finding{{Verdict: ByHand, Object: o.Object, Text: fmt.Sprintf("%s replaces it, and its events stay on the old bus: let the sensors process them first", s.to[i].Object)}}
}

// persistence finds changes of the disks of an EventBus of its controller. The controller updates its StatefulSet, the API server
// refuses other claim templates, and nothing of the EventBus is updated any more (argo-events v1.9.11
// pkg/reconciler/eventbus/installer/jetstream.go, createStatefulSet).
func persistence(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		to := find(s.to, o.Object)
		if to == nil || !o.is(argo, "EventBus") || busKind(o) != "jetstream" || busKind(to) != "jetstream" {
			continue
		}
		const path = "persistence"
		if len(differences(asMap(at(o.tree, "spec", "jetstream", path)), asMap(at(to.tree, "spec", "jetstream", path)))) > 0 {
			set := "statefulset.apps/eventbus-" + o.Name + "-js"
			all = append(all, Finding{Verdict: Refused, Object: o.Object, Text: "spec.jetstream.persistence is immutable: the API server refuses the update by the controller, and later changes of this EventBus too. " +
				"Delete " + set + " with --cascade=orphan after the upgrade; the controller creates it again. The existing volume claims keep their size and class"})
		}
	}
	return all
}

func asMap(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

// rollsServers reports whether the change of an EventBus replaces the pods of its servers: its controller renders these fields
// into a ConfigMap that the servers reload, or into the environment of event sources and sensors.
func (c Change) rollsServers() bool {
	const spec = "spec.jetstream"
	return c.is(argo, "EventBus") && c.Action == Changed && busKind(c.old) == "jetstream" && busKind(c.new) == "jetstream" &&
		slices.ContainsFunc(c.Fields, func(f Field) bool {
			return f.below([]string{spec}) && !f.below([]string{spec + ".replicas", spec + ".maxPayload", spec + ".settings", spec + ".streamConfig", spec + ".persistence"})
		})
}

// Stream is the stream of a bus as a live server has it.
type Stream struct {
	Messages, Bytes uint64
	// Before returns the number of events that were stored before a time.
	Before func(time.Time) (uint64, error)
	// Unread is the number of events from the first one on that some consumer has not processed.
	Unread uint64
}

// limit is a limit of a stream beyond which a server deletes the oldest events.
type limit struct {
	key string
	// parse reads a value; no limit is the largest value.
	parse func(string) (int64, error)
	// beyond returns the number of events of a stream beyond a limit. approximate reports whether it is an estimate.
	beyond func(Stream, int64) (n uint64, approximate bool, err error)
}

const unlimited = int64(1<<63 - 1)

var limits = []limit{
	{"maxMsgs", count, func(s Stream, n int64) (uint64, bool, error) { return beyond(s.Messages, n), false, nil }},
	{"maxBytes", count, func(s Stream, n int64) (uint64, bool, error) {
		over := beyond(s.Bytes, n)
		if over == 0 || s.Bytes == 0 {
			return 0, false, nil
		}
		// By the average size of an event.
		return min(s.Messages, (over*s.Messages+s.Bytes-1)/s.Bytes), true, nil
	}},
	{"maxAge", age, func(s Stream, n int64) (uint64, bool, error) {
		older, err := s.Before(time.Now().Add(-time.Duration(n)))
		return older, false, err
	}},
}

// count reads a number of which -1 and 0 mean no limit.
func count(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if n <= 0 {
		n = unlimited
	}
	return n, err
}

// age reads a duration of which 0 means no limit.
func age(text string) (int64, error) {
	d, err := time.ParseDuration(text)
	if d <= 0 {
		d = time.Duration(unlimited)
	}
	return int64(d), err
}

func beyond(has uint64, limit int64) uint64 {
	if has <= uint64(limit) {
		return 0
	}
	return has - uint64(limit)
}

// streamLimits finds lowered limits of a bus's stream: the server deletes the events beyond them at once, consumed or not
// (nats-server filestore.go enforceMsgLimit, enforceBytesLimit, expireMsgs). live is the stream now; nil if unknown.
func streamLimits(s sides, live *Stream) []Finding {
	var all []Finding
	for _, o := range s.from {
		to := find(s.to, o.Object)
		if to == nil || !o.is(argo, "EventBus") || busKind(o) != busKind(to) {
			continue
		}
		was, will := streamConfig(o), streamConfig(to)
		for _, l := range limits {
			if f, ok := l.lowered(o.Object, was, will, live); ok {
				all = append(all, f)
			}
		}
		if before, after := streamReplicas(o), streamReplicas(to); after > 0 && after < before {
			all = append(all, Finding{Verdict: Confirm, Object: o.Object, Text: fmt.Sprintf("its stream keeps %d instead of %d copies of each event, and survives the loss of fewer servers", after, before)})
		}
		if before, after := discards(o), discards(to); before != after {
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "retention and discard policy of its stream change, and the Job that applies the settings does not change them: edit the stream with nats stream edit"})
		}
	}
	return all
}

// streamConfig returns the settings of a bus's stream.
func streamConfig(bus *object) map[string]any {
	var config map[string]any
	if yaml.Unmarshal([]byte(text(bus.tree, "spec", busKind(bus), "streamConfig")), &config) != nil {
		return nil
	}
	return config
}

// discards returns the policies by which a stream deletes events.
func discards(bus *object) string {
	config := streamConfig(bus)
	return fmt.Sprint(config["retention"], config["discard"])
}

// lowered returns the finding for a limit that becomes lower.
func (l limit) lowered(bus Object, was, will map[string]any, live *Stream) (Finding, bool) {
	before, err := l.parse(number64(was[l.key]))
	after, err2 := l.parse(number64(will[l.key]))
	if err != nil || err2 != nil || after >= before {
		return Finding{}, false
	}
	from := number64(was[l.key])
	if before == unlimited {
		from = "no limit"
	}
	change := fmt.Sprintf("%s of its stream becomes lower, %s instead of %s", l.key, number64(will[l.key]), from)
	f := Finding{Verdict: Confirm, Object: bus}
	const unknown = ": the server deletes the oldest events beyond it, processed or not. Unknown how many: "
	if live == nil {
		f.Text = change + unknown + "pass --bus URL to count them"
		return f, true
	}
	n, approximate, err := l.beyond(*live, after)
	switch about := map[bool]string{true: "about "}[approximate]; {
	case err != nil:
		f.Text = change + unknown + err.Error()
	case n == 0:
		f.Verdict, f.Text = InPlace, fmt.Sprintf("%s; none of the %d events on the bus is beyond it", change, live.Messages)
	default:
		f.Text = fmt.Sprintf("%s: the server deletes %s%d of %d events", change, about, n, live.Messages)
		// The oldest go first, and the unread ones are the newest. A sensor that selects events by name may not need all of them.
		if unread := live.Unread + n; unread > live.Messages {
			f.Text += fmt.Sprintf(", up to %d of which some sensor has not processed", unread-live.Messages)
		}
	}
	return f, true
}

// number64 returns a number or duration of a stream's settings as text, without an exponent.
func number64(value any) string {
	if n, ok := value.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	if value == nil {
		return "0"
	}
	return fmt.Sprint(value)
}

// downgrades finds NATS servers of an older minor version: an older server may not read the files of a newer one (release notes
// of nats-server 2.10.0), and takes streams offline that need a higher API level (nats-server 2.15.2 jetstream_versioning.go).
func downgrades(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil {
			continue
		}
		was, will := from.natsVersion(), o.natsVersion()
		if before, ok := minor(was); ok {
			if after, ok := minor(will); ok && after < before {
				all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: fmt.Sprintf("nats-server %s is older than %s and may not read its files: run nats server report downgrade, and back up the streams with nats account backup first", will, was)})
			}
		}
	}
	return all
}

// natsVersion returns the version of the NATS servers that store data: the tag of an image, or the version of an EventBus.
func (o *object) natsVersion() string {
	if o.is(argo, "EventBus") {
		return text(o.tree, "spec", "jetstream", "version")
	}
	if o.set() == "" || len(claimNames(o)) == 0 || !o.runsNATS() {
		return ""
	}
	for _, c := range items(o.tree, "spec", "template", "spec", "containers") {
		name, _, _ := strings.Cut(text(c, "image"), "@")
		if _, tag, ok := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ":"); ok && isNATS(text(c, "image")) {
			return tag
		}
	}
	return ""
}

// minor returns major and minor version as a number that can be compared. ok is false for another form: a digest, latest.
func minor(version string) (number int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return 0, false
	}
	second, _, _ := strings.Cut(parts[1], "-")
	a, err := strconv.Atoi(parts[0])
	b, err2 := strconv.Atoi(second)
	return a*1000 + b, err == nil && err2 == nil
}

// gated finds running NATS servers that need a further stream to be ready: that of a migration to them, which they already
// have behind them.
func gated(s sides) []Finding {
	var all []Finding
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil || o.set() == "" || !o.runsNATS() {
			continue
		}
		if stream := o.gate(); stream != "" && stream != from.gate() {
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: fmt.Sprintf("its servers have the events already, and would not be ready before a migration to them creates stream %s: remove migration.from, which is only for the change of the profile", stream)})
		}
	}
	return all
}

// gate returns the stream without which the servers are not ready; empty without one.
func (o *object) gate() string {
	for _, c := range items(o.tree, "spec", "template", "spec", "containers") {
		for _, word := range items(c, "readinessProbe", "exec", "command") {
			if _, stream, ok := strings.Cut(fmt.Sprint(word), "&stream="); ok {
				return stream
			}
		}
	}
	return ""
}

// credentials finds NATS servers in a cluster that use other Secrets. Servers with different CAs cannot connect to each other,
// so the rollout stops at its first pod.
func credentials(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil || o.set() == "" || !o.runsNATS() {
			continue
		}
		was, will := secretVolumes(from), secretVolumes(o)
		for _, volume := range slices.Sorted(maps.Keys(was)) {
			if will[volume] == "" || will[volume] == was[volume] {
				continue
			}
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: fmt.Sprintf("volume %s is of Secret %s instead of %s. During the rollout, servers with different CAs or passwords cannot connect to each other, nor can clients: "+
				"accept the CAs of both, or use the same content first, then rotate it (docs/guides/secrets.md)", volume, will[volume], was[volume])})
		}
	}
	return all
}

// secretVolumes maps the volumes of a pod template to their Secrets, those of a projected volume in their order.
func secretVolumes(o *object) map[string]string {
	all := map[string]string{}
	for _, v := range items(o.tree, "spec", "template", "spec", "volumes") {
		names := []string{text(v, "secret", "secretName")}
		for _, source := range items(v, "projected", "sources") {
			names = append(names, text(source, "secret", "name"))
		}
		names = slices.Compact(slices.DeleteFunc(names, func(name string) bool { return name == "" }))
		if secret := strings.Join(names, " and "); secret != "" {
			all[text(v, "name")] = secret
		}
	}
	return all
}

// issuers finds Certificates of cert-manager that get another issuer, whose CA may be another one. cert-manager replaces the certificate at
// once (v1.21.2 internal/controller/certificates/policies/checks.go, SecretIssuerAnnotationsMismatch).
func issuers(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil || !o.is("cert-manager.io", "Certificate") {
			continue
		}
		if len(differences(asMap(at(from.tree, "spec", "issuerRef")), asMap(at(o.tree, "spec", "issuerRef")))) > 0 {
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "cert-manager issues the certificate again, by another issuer. Servers and clients must accept the CAs of both issuers before " +
				"(docs/guides/secrets.md)"})
		}
	}
	return all
}
