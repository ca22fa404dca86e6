{{/* The bus: its Secrets, its stream, and how clients connect to it. */}}

{{/*
The Secrets of the managed bus. authSecret: its user. tlsSecret: its certificate. trustSecret: the CAs that servers and clients accept, in key ca.crt.
caSecret: the CA of the chart. cert-manager has a Secret of its own: it would replace the content of another, whose CA all running pods use.
*/}}
{{- define "argo-events.authSecret" -}}
{{- default (printf "%s-bus-auth" (include "argo-events.fullname" .)) .Values.eventBus.auth.existingSecret }}
{{- end }}

{{- define "argo-events.tlsSecret" -}}
{{- $name := ternary "certificate" "tls" .Values.eventBus.tls.certManager.enabled }}
{{- default (printf "%s-bus-%s" (include "argo-events.fullname" .) $name) .Values.eventBus.tls.existingSecret }}
{{- end }}

{{- define "argo-events.trustSecret" -}}
{{- default (include "argo-events.tlsSecret" .) .Values.eventBus.tls.caSecret }}
{{- end }}

{{- define "argo-events.caSecret" -}}
{{- printf "%s-bus-ca" (include "argo-events.fullname" .) }}
{{- end }}

{{/* tlsSources: the certificate and the accepted CAs, from their Secrets. */}}
{{- define "argo-events.tlsSources" }}
              - secret:
                  name: {{ include "argo-events.tlsSecret" . | quote }}
                  items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
              - secret:
                  name: {{ include "argo-events.trustSecret" . | quote }}
                  items: [{key: ca.crt, path: ca.crt}]
{{- end }}

{{/* encryptionEnv (bus.encryption): variables with the key of the disks. In quotes, so that nats.conf reads it as text. */}}
{{- define "argo-events.encryptionEnv" -}}
{{- with .existingSecret }}
            - name: KEY
              valueFrom:
                secretKeyRef:
                  name: {{ . | quote }}
                  key: key
            - name: QUOTED_KEY
              value: '"$(KEY)"'
{{- end }}
{{- end }}

{{/* reloader (list root users): the sidecar that reloads a server when certificates or the file with its users change. */}}
{{- define "argo-events.reloader" -}}
{{- with (index . 0).Values.reloader }}
        - name: reloader
          restartPolicy: Always
          image: {{ include "argo-events.image" (list (index $ 0) .image) }}
          imagePullPolicy: {{ .image.pullPolicy }}
          args:
            - -pid=/var/run/nats/nats.pid
            # It looks for the server once a second, for ten minutes: a change before it has found the server is missed.
            - -retry-wait-secs=1
            - -max-retries=600
            - -config=/etc/nats-config/auth/{{ index $ 1 }}
            - -config=/etc/nats-tls/tls.crt
            - -config=/etc/nats-tls/ca.crt
          securityContext:
            {{- include "argo-events.restrictedContainer" . | nindent 12 }}
          resources:
            {{- toYaml .resources | nindent 12 }}
          volumeMounts:
            - {name: pid, mountPath: /var/run/nats}
            - {name: auth, mountPath: /etc/nats-config/auth, readOnly: true}
            - {name: tls, mountPath: /etc/nats-tls, readOnly: true}
{{- end }}
{{- end }}

{{/* exporter: the sidecar that publishes the metrics of the server in its pod; nothing without monitoring. */}}
{{- define "argo-events.exporter" }}
{{- if .Values.monitoring.enabled }}
{{- with .Values.exporter }}
        - name: exporter
          image: {{ include "argo-events.image" (list $ .image) }}
          imagePullPolicy: {{ .image.pullPolicy }}
          args: [-port=7777, -varz, -healthz, -leafz, -jsz=all, 'http://127.0.0.1:8222']
          securityContext:
            {{- include "argo-events.restrictedContainer" . | nindent 12 }}
          ports:
            - {name: metrics, containerPort: 7777}
          resources:
            {{- toYaml .resources | nindent 12 }}
{{- end }}
{{- end }}
{{- end }}

{{/* dnsNames: the DNS names of the managed bus, its servers and its leaf nodes. */}}
{{- define "argo-events.dnsNames" -}}
{{- $name := include "argo-events.fullname" . }}
{{- range list (printf "%s-bus" $name) (printf "*.%s-bus-headless" $name) (printf "*.%s-bus-standalone-headless" $name) (printf "%s-leaf" $name) }}
- {{ . | quote }}
- {{ printf "%s.%s" . $.Release.Namespace | quote }}
- {{ printf "%s.%s.svc" . $.Release.Namespace | quote }}
- {{ printf "%s.%s.svc.cluster.local" . $.Release.Namespace | quote }}
{{- end }}
- localhost
{{- end }}

{{/* servers: the number of servers in modes managed and native; 0 for kafka and external. */}}
{{- define "argo-events.servers" -}}
{{- $name := get (dict "managed" "bus" "native" "nativeBus") .Values.eventBus.mode }}
{{- if $name }}{{ (include "argo-events.component" (list . $name) | fromYaml).replicas }}{{ else }}0{{ end }}
{{- end }}

{{/* serverDomain: with more servers than copies of a stream, the failure domain that no two copies may share; otherwise empty. */}}
{{- define "argo-events.serverDomain" -}}
{{- $profile := (.Files.Get (printf "profiles/%s.yaml" .Values.profile) | fromYaml).profile }}
{{- if gt (include "argo-events.servers" . | int) 3 }}{{ with first ($profile.survives | default list) }}{{ . }}{{ end }}{{ end }}
{{- end }}

{{/* hasLeaf: "true" if clients connect to the bus through a leaf node on their own node. */}}
{{- define "argo-events.hasLeaf" -}}
{{- and (eq .Values.eventBus.mode "managed") (gt (include "argo-events.servers" . | int) 1) .Values.leaf.enabled }}
{{- end }}

{{/*
streamReplicas: the copies of each event, by default one for each server and at most three. The servers of mode external are assumed to be as
many as those of the profile.
*/}}
{{- define "argo-events.streamReplicas" -}}
{{- $servers := include "argo-events.servers" . | int }}
{{- if eq .Values.eventBus.mode "external" }}{{ $servers = (include "argo-events.component" (list . "bus") | fromYaml).replicas | int }}{{ end }}
{{- default (min 3 $servers) .Values.eventBus.stream.replicas | int }}
{{- end }}

{{/* streamConfig: all settings of the stream. Argo Events sets no defaults on a bus that it does not run. */}}
{{- define "argo-events.streamConfig" -}}
{{- with .Values.eventBus.stream -}}
replicas: {{ include "argo-events.streamReplicas" $ }}
maxAge: {{ .maxAge }}
maxMsgs: {{ int64 .maxMsgs }}
maxBytes: {{ include "argo-events.streamBytes" $ }}
duplicates: {{ .duplicates }}
# Limits and DiscardOld: sensors work with nothing else.
retention: 0
discard: 0
{{- end }}
{{- end }}

{{/* buckets: the names of the sensors of the bus, each once, as a YAML list: those of the release first. Every sensor has a bucket of its name. */}}
{{- define "argo-events.buckets" -}}
{{- concat (keys (default dict .Values.sensors) | sortAlpha) (default list .Values.eventBus.buckets) | uniq | toYaml }}
{{- end }}

{{/* store: the managed or native servers, with their storage and its shares; nothing for kafka and external. */}}
{{- define "argo-events.store" -}}
{{- with get (dict "managed" "bus" "native" "nativeBus") .Values.eventBus.mode }}{{ include "argo-events.component" (list $ .) }}{{ end }}
{{- end }}

{{/* maxFileStore (a component): the Mi that a server may store, filePercent of its volume. */}}
{{- define "argo-events.maxFileStore" -}}
{{- $unit := .storage.size | trimAll "0123456789" }}
{{- div (mul (trimSuffix $unit .storage.size | int64) (get (dict "Mi" 1 "Gi" 1024 "Ti" 1048576) $unit) .store.filePercent) 100 }}
{{- end }}

{{/* maxStreamBytes: the largest maxBytes, streamPercent of what a server may store. */}}
{{- define "argo-events.maxStreamBytes" -}}
{{- $c := include "argo-events.store" . | fromYaml }}
{{- div (mul (include "argo-events.maxFileStore" $c | int64) 1048576 $c.store.streamPercent) 100 }}
{{- end }}

{{/* streamBytes: the limit of the stream in bytes. From 2 GiB on it is a multiple of 1024: see streamBytesFlag. */}}
{{- define "argo-events.streamBytes" -}}
{{- $bytes := .Values.eventBus.stream.maxBytes | int64 }}
{{- if and (kindIs "invalid" .Values.eventBus.stream.maxBytes) (include "argo-events.store" .) }}{{ $bytes = include "argo-events.maxStreamBytes" . | int64 }}{{ end }}
{{- if gt $bytes 2147483647 }}{{ mul (div $bytes 1024) 1024 }}{{ else }}{{ $bytes }}{{ end }}
{{- end }}

{{/* streamBytesFlag: the same limit for the nats command, which reads a number without a unit into 32 bits (natscli 0.3.0, stream_command.go). */}}
{{- define "argo-events.streamBytesFlag" -}}
{{- $bytes := include "argo-events.streamBytes" . | int64 }}
{{- if gt $bytes 2147483647 }}{{ div $bytes 1024 }}K{{ else }}{{ $bytes }}{{ end }}
{{- end }}

{{/* busAccess: the URL of the bus, and the Secrets with its user (a YAML document), its CA, and the certificate of a client, where it has them. */}}
{{- define "argo-events.busAccess" -}}
{{- if eq .Values.eventBus.mode "managed" -}}
url: nats://{{ include "argo-events.fullname" . }}-bus:4222
auth: {secret: {{ include "argo-events.authSecret" . | quote }}, key: auth.yaml}
ca: {secret: {{ include "argo-events.trustSecret" . | quote }}, key: ca.crt}
{{- else if eq .Values.eventBus.mode "external" -}}
url: {{ .Values.eventBus.external.url | quote }}
{{- with .Values.eventBus.external.accessSecret }}
auth: {secret: {{ .name | quote }}, key: {{ .key | quote }}}
{{- end }}
{{- range $name, $field := dict "ca" "caCertSecret" "cert" "clientCertSecret" "key" "clientKeySecret" }}
{{- with get ($.Values.eventBus.external.tls | default dict) $field }}
{{ $name }}: {secret: {{ .name | quote }}, key: {{ .key | quote }}}
{{- end }}
{{- end }}
{{- else -}}
url: nats://eventbus-{{ .Values.eventBus.name }}-js-svc.$(NAMESPACE).svc:4222
auth: {secret: eventbus-{{ .Values.eventBus.name }}-js-client-auth, key: client-auth}
ca: {secret: eventbus-{{ .Values.eventBus.name }}-js-server, key: ca-cert}
{{- end }}
{{- end }}

{{/* busClientEnv, busClientVolumes, busClientMounts: for a container that connects to the bus with the nats command. */}}
{{- define "argo-events.busClientEnv" -}}
- name: NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- $access := include "argo-events.busAccess" . | fromYaml }}
- name: NATS_URL
  value: {{ ternary (quote $access.url) $access.url (eq .Values.eventBus.mode "external") }}
{{- if $access.ca }}
- name: NATS_CA
  value: /etc/bus/ca.crt
{{- end }}
{{- if $access.cert }}
- name: NATS_CERT
  value: /etc/bus/client.crt
- name: NATS_KEY
  value: /etc/bus/client.key
{{- end }}
# The nats command writes its contexts here: the root file system is read-only.
- name: XDG_CONFIG_HOME
  value: /tmp
{{- end }}

{{- define "argo-events.busClientVolumes" -}}
{{- $access := include "argo-events.busAccess" . | fromYaml -}}
- name: tmp
  emptyDir: {}
- name: bus
  {{- if or $access.auth $access.ca $access.cert }}
  projected:
    sources:
      {{- range $path, $name := dict "auth.yaml" "auth" "ca.crt" "ca" "client.crt" "cert" "client.key" "key" }}
      {{- with get $access $name }}
      - secret:
          name: {{ .secret | quote }}
          items:
            - {key: {{ ternary (quote .key) .key (eq $.Values.eventBus.mode "external") }}, path: {{ $path }}}
      {{- end }}
      {{- end }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}

{{- define "argo-events.busClientMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: bus, mountPath: /etc/bus, readOnly: true}
{{- end }}

{{/* client.sh: shell functions for a container that connects to the bus. */}}
{{- define "argo-events.client.sh" -}}
set -eu
{{- if eq .Values.eventBus.mode "external" }}
{{- if .Values.eventBus.external.accessSecret }}
# The Secret is the user's: its values may have quotes.
NATS_USER=$(sed -n "s/^username: *//p" /etc/bus/auth.yaml | sed "s/^[\"']\(.*\)[\"'] *$/\1/")
NATS_PASSWORD=$(sed -n "s/^password: *//p" /etc/bus/auth.yaml | sed "s/^[\"']\(.*\)[\"'] *$/\1/")
export NATS_USER NATS_PASSWORD
{{- end }}
{{- else }}
NATS_USER=$(sed -n 's/^username: *//p' /etc/bus/auth.yaml)
NATS_PASSWORD=$(sed -n 's/^password: *//p' /etc/bus/auth.yaml)
export NATS_USER NATS_PASSWORD
{{- end }}

# Repeats a command until it succeeds, for ten minutes: network policies may not yet permit the new pod, a bus that has just
# started refuses some requests, and a sensor may create its bucket at the same moment.
persist() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { echo "giving up: $*"; exit 1; }
    sleep 2
  done
}

has() { nats stream info "$1" --json >/dev/null 2>&1; }
copies() { nats stream info "$1" --json | grep -o '"num_replicas": *[0-9]*' | grep -o '[0-9]*$'; }
{{- end }}

{{/* liveServers: the current number of servers of the managed bus in the cluster; 0 without a cluster or a bus. */}}
{{- define "argo-events.liveServers" -}}
{{- if eq .Values.eventBus.mode "managed" -}}
{{- dig "spec" "replicas" 0 (lookup "apps/v1" "StatefulSet" .Release.Namespace (include "argo-events.members" (list . "bus"))) }}
{{- else }}0{{ end }}
{{- end }}

{{/* liveBus (list root name): the state of a StatefulSet in the cluster. gated: its readiness depends on a migration. */}}
{{- define "argo-events.liveBus" -}}
{{- $set := lookup "apps/v1" "StatefulSet" (index . 0).Release.Namespace (index . 1) -}}
exists: {{ not (empty $set) }}
gated: {{ contains "stream=MOVED_" (toJson $set) }}
ready: {{ gt (dig "status" "readyReplicas" 0 $set | int) 0 }}
{{- end }}

{{/* hasCluster: "true" if Helm reads a cluster while it renders: in install and upgrade, not in helm template. */}}
{{- define "argo-events.hasCluster" -}}
{{- not (empty (lookup "v1" "Namespace" "" "kube-system")) }}
{{- end }}

{{/*
natsOptions (list options indent): options of nats-server as lines of its configuration, whose values may be JSON; nothing for none. Sizes have
no quotes: some options accept only numbers, and 64MB is one.
*/}}
{{- define "argo-events.natsOptions" }}
{{- range $name, $value := index . 0 }}
{{ index $ 1 }}{{ $name }}: {{ ternary (toString $value) (toRawJson $value) (regexMatch "^[0-9]+[kKmMgG][bB]?$" (toString $value)) }}
{{- end }}
{{- end }}

{{/* liveTLS (a StatefulSet of the bus): the Secrets with the certificate and the accepted CAs in its pods; empty if there is none. */}}
{{- define "argo-events.liveTLS" -}}
{{- range dig "spec" "template" "spec" "volumes" list . }}
{{- if eq .name "tls" }}
{{- $sources := dig "projected" "sources" list . }}
{{- if $sources }}
certificate: {{ (first $sources).secret.name }}
trust: {{ (last $sources).secret.name }}
{{- else }}
certificate: {{ .secret.secretName }}
trust: {{ .secret.secretName }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
