{{- define "argo-events.leaf/nats.conf" -}}
{{- $c := include "argo-events.component" (list . "leaf") | fromYaml -}}
server_name: $NODE
port: 4222
http: 8222
pid_file: /var/run/nats/nats.pid
max_payload: {{ .Values.eventBus.maxPayload }}
lame_duck_grace_period: 10s
lame_duck_duration: 30s
# As at the bus. Argo Events would ask after two minutes.
ping_interval: 2s
ping_max: 2

tls {
  cert_file: /etc/nats-tls/tls.crt
  key_file: /etc/nats-tls/tls.key
  ca_file: /etc/nats-tls/ca.crt
}
include ./auth/users.conf

leafnodes {
  # A server that goes closes its leaves last: until a leaf has another one, its clients are told that there is no stream. With a
  # second between attempts that was 2.2 to 2.7 s, with this 0.3 s.
  reconnect: 100ms
  remotes: [{
    account: EVENTS
    # A leaf that compresses, as by default, never tries again when its server hangs up in the middle of the handshake
    # (nats-server 2.15.2: leafnode.go negotiateLeafCompression, then client.go readLoop "if nc == nil").
    compression: off
    tls {
      cert_file: /etc/nats-tls/tls.crt
      key_file: /etc/nats-tls/tls.key
      ca_file: /etc/nats-tls/ca.crt
    }
    urls: [
{{- if (.Values.migration).from }}
      tls://{{ include "argo-events.fullname" $ }}-bus:7422
{{- else }}
{{- $members := include "argo-events.members" (list . "bus") }}
{{- range until (include "argo-events.servers" . | int) }}
      tls://{{ $members }}-{{ . }}.{{ $members }}-headless:7422
{{- end }}
{{- end }}
    ]
  }]
}
default_js_domain: {EVENTS: ""}
{{- end }}
