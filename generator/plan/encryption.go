package plan

import "regexp"

// cipher finds the cipher of the disks in the configuration of a NATS server.
var cipher = regexp.MustCompile(`(?m)^\s*cipher: *(\S+)`)

// encryption finds encrypted disks whose server gets another key or cipher. A server of a cluster reads its raft logs with the configured
// ones only, and does not start without them (nats-server 2.15.2 filestore.go: recoverAEK, errNoMainKey).
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
		case cipherOf(s.from, o) != cipherOf(s.to, to):
			all = append(all, Finding{Verdict: ByHand, Object: o.Object, Text: "its disks are encrypted with " + cipherOf(s.from, o) + ", and its servers do not start with another cipher: keep it"})
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

// cipherOf returns the cipher in the ConfigMap of a server, which has its name.
func cipherOf(objects []*object, o *object) string {
	config := find(objects, Object{APIVersion: "v1", Kind: "ConfigMap", Namespace: o.Namespace, Name: o.Name})
	if config == nil {
		return ""
	}
	if found := cipher.FindStringSubmatch(text(config.tree, "data", "nats.conf")); found != nil {
		return found[1]
	}
	return ""
}
