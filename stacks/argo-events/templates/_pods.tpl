{{/* The pods of event sources and sensors, which the controller creates from spec.template. */}}

{{/*
podTemplate (dict root ha name kind component spec): the profile's spec.template with the user's merged in.
kind is eventsource or sensor, as in the labels of the controller's pods.
*/}}
{{- define "argo-events.podTemplate" -}}
{{- $text := include "argo-events.defaultPodTemplate" . }}
{{- with .spec.template }}
{{- $template := printf "%s\n" $text | fromYaml }}
{{- include "argo-events.merge" (list $template (deepCopy .) "keep") }}
{{- $text = toYaml $template }}
{{- end }}
{{- $text }}
{{- end }}

{{/* restrictedContainer: the securityContext of a container for the level restricted of Pod Security. */}}
{{- define "argo-events.restrictedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}

{{- define "argo-events.defaultPodTemplate" -}}
metadata:
  labels:
    {{- include "argo-events.selectorLabels" (list .root .component) | nindent 4 }}
    {{- with .ha.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .ha.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
serviceAccountName: {{ include "argo-events.podServiceAccount" . }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 9731
  seccompProfile:
    type: RuntimeDefault
container:
  securityContext:
    {{- include "argo-events.restrictedContainer" .root | nindent 4 }}
  {{- with .ha.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq (include "argo-events.electionMethod" .) "leases" }}
  env:
    - name: LEADER_ELECTION_LEASE_DURATION
      value: {{ .ha.election.leaseDuration | quote }}
    - name: LEADER_ELECTION_RENEW_DEADLINE
      value: {{ .ha.election.renewDeadline | quote }}
    - name: LEADER_ELECTION_RETRY_PERIOD
      value: {{ .ha.election.retryPeriod | quote }}
  {{- end }}
{{- with .ha.antiAffinity }}
affinity:
  {{- include "argo-events.antiAffinity" (dict "rules" . "replicas" $.replicas "labels" (dict (printf "%s-name" $.kind) $.name) "keys" (list "pod-template-hash")) | nindent 2 }}
{{- end }}
{{- with .ha.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .ha.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .ha.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}

{{/* antiAffinity (dict rules replicas labels keys): each rule is required up to hardUpTo replicas, and preferred above. */}}
{{- define "argo-events.antiAffinity" -}}
{{- $required := list }}{{ $preferred := list }}
{{- range .rules }}
{{- $term := dict "topologyKey" .topologyKey "labelSelector" (dict "matchLabels" $.labels) }}
{{- if $.keys }}{{ $_ := set $term "matchLabelKeys" $.keys }}{{ end }}
{{- if le $.replicas (int .hardUpTo) }}
{{- $required = append $required $term }}
{{- else }}
{{- $preferred = append $preferred (dict "weight" 100 "podAffinityTerm" $term) }}
{{- end }}
{{- end -}}
podAntiAffinity:
  {{- with $required }}
  requiredDuringSchedulingIgnoredDuringExecution:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $preferred }}
  preferredDuringSchedulingIgnoredDuringExecution:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/*
electionMethod: leases or nats; empty if Argo Events has no choice. A profile with single pods elects by nats: more replicas use a Lease, unless
the values choose otherwise.
*/}}
{{- define "argo-events.electionMethod" -}}
{{- if and .ha.election (not (and (eq .kind "sensor") (eq .root.Values.eventBus.mode "kafka"))) }}
{{- $chosen := ((get .root.Values (ternary "sensor" "activePassiveSource" (eq .kind "sensor"))).election).by }}
{{- ternary "leases" .ha.election.by (and (not $chosen) (gt (int .replicas) 1)) }}
{{- end }}
{{- end }}

{{/* electsByLease: "true" if the pods elect their leader with a Lease: on Kafka, event sources have no other way (leaderelection.go NewElector). */}}
{{- define "argo-events.electsByLease" -}}
{{- or (eq (include "argo-events.electionMethod" .) "leases") (and (eq .kind "eventsource") (not (empty .ha.election)) (eq .root.Values.eventBus.mode "kafka")) }}
{{- end }}

{{/*
podServiceAccount: the ServiceAccount of the pods. A sensor does not start without a token (sensors/cmd/start.go GetClientConfig), an event
source needs one only for a Lease.
*/}}
{{- define "argo-events.podServiceAccount" -}}
{{- $token := or (eq .kind "sensor") (eq (include "argo-events.electsByLease" .) "true") }}
{{- include "argo-events.fullname" .root }}-{{ ternary "election" "event-source" $token }}
{{- end }}

{{/*
elections: the names of all Leases of event sources and sensors (eventing.go, listener.go: leasename), and the ServiceAccounts that use them.
*/}}
{{- define "argo-events.elections" -}}
{{- $leases := list }}{{ $accounts := list }}
{{- $passive := include "argo-events.component" (list . "activePassiveSource") | fromYaml }}
{{- $sensor := include "argo-events.component" (list . "sensor") | fromYaml }}
{{- range $kind, $all := dict "eventsource" .Values.eventSources "sensor" .Values.sensors }}
{{- range $name, $spec := $all }}
{{- $ha := ternary $sensor (ternary $passive dict (eq (include "argo-events.strategy" $spec) "active-passive")) (eq $kind "sensor") }}
{{- $pods := dict "root" $ "ha" $ha "kind" $kind "replicas" (default $ha.replicas $spec.replicas) }}
{{- if eq (include "argo-events.electsByLease" $pods) "true" }}
{{- $leases = append $leases (printf "%s-%s" $kind $name) }}
{{- $accounts = append $accounts (default (include "argo-events.podServiceAccount" $pods) (dig "template" "serviceAccountName" "" $spec)) }}
{{- end }}
{{- end }}
{{- end -}}
leases: {{ $leases | sortAlpha | toJson }}
accounts: {{ $accounts | uniq | sortAlpha | toJson }}
{{- end }}

{{/* stableLabels (list root component): labels without the chart's version, because the controller replaces the Service when a label changes. */}}
{{- define "argo-events.stableLabels" -}}
{{ include "argo-events.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "argo-events.name" (index . 0) | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end }}

{{/*
finalizers (kind): the finalizer that the controller adds to each object of the kind. To add it, the controller writes the whole spec with
zero values, which conflicts with server-side apply (Helm 4) over the ownership of lists. If the finalizer exists, it writes nothing.
*/}}
{{- define "argo-events.finalizers" -}}
finalizers: [{{ . }}-controller]
{{- end }}
