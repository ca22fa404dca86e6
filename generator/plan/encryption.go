package plan

// encryption finds encrypted disks whose server gets another key. A server of a cluster reads its raft logs with the configured one only, and does
// not start without it (nats-server 2.15.2 filestore.go: recoverAEK, errNoMainKey). Another cipher is in place: a server converts its streams when
// it starts, and the raft logs do not have the configured cipher (jetstream.go decryptMeta, jetstream_cluster.go createRaftGroup).
func encryption(s sides, _ Plan) []Finding {
	var all []Finding
	for _, o := range s.from {
		to := find(s.to, o.Object)
		if to == nil || o.set() == "" || !o.runsNATS() {
			continue
		}
		was, will := keySecret(o), keySecret(to)
		switch {
		case was == "":
		case will == "":
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "its disks are encrypted, and its servers do not start without the key: keep it. " +
				"A bus without encryption needs empty disks: stop the event sources, wait until no sensor has pending events, uninstall, and delete the volume claims"})
		case was != will:
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "the key of its disks is in Secret " + will + " instead of " + was + ", and its servers do not start with another key: give the new Secret the same key first"})
		}
	}
	return all
}

// keySecret returns the Secret with the key of a server's disks; "" without encryption.
func keySecret(o *object) string {
	for _, c := range items(o.tree, "spec", "template", "spec", "containers") {
		for _, e := range items(c, "env") {
			if text(e, "name") == "KEY" {
				return text(e, "valueFrom", "secretKeyRef", "name")
			}
		}
	}
	return ""
}
