{{/* The pods of event sources and sensors, made by the controller out of spec.template. */}}

{{/*
podTemplate (dict root ha name kind component spec): spec.template as the profile wants it, with the user's own laid over it.
kind is eventsource or sensor, as in the labels that the controller gives its pods.
*/}}
{{- define "argo-events.podTemplate" -}}
{{- $text := include "argo-events.defaultPodTemplate" . }}
{{- with .spec.template }}
{{- $template := printf "%s\n" $text | fromYaml }}
{{- include "argo-events.overlay" (list $template (deepCopy .) "keep") }}
{{- $text = toYaml $template }}
{{- end }}
{{- $text }}
{{- end }}

{{- define "argo-events.defaultPodTemplate" -}}
metadata:
  labels:
    {{- include "argo-events.selectorLabels" (list .root .component) | nindent 4 }}
serviceAccountName: {{ include "argo-events.fullname" .root }}-election
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
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop:
        - ALL
  {{- if eq (include "argo-events.elects" .) "leases" }}
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

{{/* antiAffinity (dict rules replicas labels keys): a rule is required up to hardUpTo replicas, preferred above. */}}
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

{{/* elects: "leases" where the pods choose their leader by Kubernetes leases because we say so. */}}
{{- define "argo-events.elects" -}}
{{- if .ha.election }}{{ if not (and (eq .kind "sensor") (eq .root.Values.eventBus.mode "kafka")) }}{{ .ha.election.by }}{{ end }}{{ end }}
{{- end }}

{{/* stableLabels (list root component): labels that no new version of the chart changes; a changed label makes the controller replace the Service. */}}
{{- define "argo-events.stableLabels" -}}
{{ include "argo-events.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "argo-events.name" (index . 0) | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end }}

{{/* finalizers kind: what the controller of a kind adds to each object. It writes an object's spec only then, with zeros for what was left out,
and whoever applies on the server (Helm 4) would find two owners of a list. With the finalizer there from the beginning it never does. */}}
{{- define "argo-events.finalizers" -}}
finalizers: [{{ . }}-controller]
{{- end }}
