{{- define "argo-events.bus/nats.conf" -}}
{{- $c := include "argo-events.component" (list . "bus") | fromYaml -}}
{{- $domain := include "argo-events.serverDomain" . -}}
{{- $members := include "argo-events.members" (list . "bus") -}}
server_name: $POD_NAME
# Where clients connect. In a move the old bus listens where only the move looks for it.
port: {{ include "argo-events.clientPort" . }}
http: 8222
pid_file: /var/run/nats/nats.pid
max_payload: {{ .Values.eventBus.maxPayload }}
lame_duck_grace_period: 10s
lame_duck_duration: 30s
# A node without power says nothing: whoever does not answer is gone, after 6 s instead of minutes. Until then requests go to it.
ping_interval: 2s
ping_max: 2

jetstream {
  store_dir: /data
  max_memory_store: 64Mi
  max_file_store: {{ include "argo-events.maxFileStore" $c.storage.size }}
  # An ack means "in the page cache". A lone server asks the disk each time; others have each other.
  sync_interval: {{ $c.syncInterval | default (ternary "10s" "always" (gt (int $c.replicas) 1)) }}
{{- with $domain }}
  # More servers than copies: without this two copies of a stream may share a {{ . }}.
  unique_tag: {{ . }}
{{- end }}
}
{{- with $domain }}
server_tags: [${{ upper . }}_TAG]
{{- end }}

tls {
  cert_file: /etc/nats-tls/tls.crt
  key_file: /etc/nats-tls/tls.key
  ca_file: /etc/nats-tls/ca.crt
}
include ./auth/users.conf
{{- if gt (int $c.replicas) 1 }}

cluster {
  name: {{ $members }}
  port: 6222
  # Clients are told the Service, not the pods behind it.
  no_advertise: true
  cluster_advertise: $CLUSTER_ADVERTISE
  connect_retries: 120
  ping_interval: 2s
  ping_max: 2
  # The first quorum needs every server named here (nats-server raft.go runAsCandidate, from 2.12 on).
  routes: [
{{- range until (int $c.replicas) }}
    nats://{{ $members }}-{{ . }}.{{ $members }}-headless:6222
{{- end }}
  ]
  tls {
    cert_file: /etc/nats-tls/tls.crt
    key_file: /etc/nats-tls/tls.key
    ca_file: /etc/nats-tls/ca.crt
    verify: true
  }
}
{{- if not (.Values.migration).closed }}

leafnodes {
  port: 7422
  no_advertise: true
  # A leaf shows this certificate and needs no password.
  tls {
    cert_file: /etc/nats-tls/tls.crt
    key_file: /etc/nats-tls/tls.key
    ca_file: /etc/nats-tls/ca.crt
    verify_and_map: true
  }
  authorization {
    users: [{user: {{ include "argo-events.fullname" . }}-bus, account: EVENTS}]
  }
}
{{- end }}
# Here and at the leaf: requests to JetStream pass between the two (leafnode.go addLeafNodeConnection).
default_js_domain: {EVENTS: ""}
{{- end }}
{{- end }}
