package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// zoneLabel is the label of the failure domain with a power supply of its own.
const zoneLabel = "topology.kubernetes.io/zone"

// store decides how much of a disk a JetStream server uses, and when it flushes.
func store(in input) []Decision {
	if in.component.Store != stack.StoreJetStream {
		return nil
	}
	return []Decision{flush(in), {
		Key:    "store",
		Value:  Map{"filePercent": 90, "streamPercent": 70},
		Rule:   "A server may use 90 % of its volume, and the stream 70 % of that.",
		Reason: "At its limit, the stream discards the oldest events and publishing goes on. A server at its own limit accepts nothing, and sensors cannot read: raft logs, buckets and other streams need the rest. A server with a full volume stores nothing until it restarts.",
		Source: "nats-server filestore.go (DiscardOld), jetstream.go limitsExceeded; kyma-project/kyma#16423 (from 90 % to 70 %)",
	}}
}

// flush decides when messages in the page cache reach the disk.
func flush(in input) Decision {
	d := Decision{
		Key:    "syncInterval",
		Value:  "always",
		Rule:   "Messages are on disk before their acknowledgement (always) or within this time.",
		Reason: "The servers may lose power together, and with it the page cache. Measured: a flush every 10 s lost the events of up to 8 s, every second those of up to 1 s, this none. The price with three servers is about seven times the latency (3.8 ms instead of 0.5 ms) and, with 64 publishers, an eighth of the rate; a single server pays more, because publishers do not share a flush.",
		Source: "nats-server stream.go, filestore.go SyncAlways; decision 016",
	}
	if in.profile.Domains(zoneLabel) > 0 && in.replicated() {
		d.Value = "10s"
		d.Reason = "Zones do not share their power. An acknowledged message is in the page cache of a majority, and lost only if more than one zone fails before it is flushed: two lose power within 10 s, or one does while another lags behind. A flush per message would cost about seven times the latency and leave an eighth of the rate."
	}
	return d
}
