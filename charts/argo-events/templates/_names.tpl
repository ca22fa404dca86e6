{{/* Names and labels, nothing else. */}}

{{/* name: the chart's name, or nameOverride. */}}
{{- define "argo-events.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* fullname: the release's name, with the chart's unless it says so already, short enough for what is added to it. */}}
{{- define "argo-events.fullname" -}}
{{- $name := include "argo-events.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 37 | trimSuffix "-" }}
{{- end }}

{{/* selectorLabels (list root component): what tells the pods of a component; never a version, selectors are for ever. */}}
{{- define "argo-events.selectorLabels" -}}
app.kubernetes.io/name: {{ include "argo-events.name" (index . 0) | quote }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ include "argo-events.generation" . }}
{{- end }}

{{/* labels (list root component): for the objects of the chart. */}}
{{- define "argo-events.labels" -}}
{{ include "argo-events.selectorLabels" . }}
{{ include "argo-events.releaseLabels" (index . 0) }}
{{- end }}

{{/* releaseLabels: of everything in a release. */}}
{{- define "argo-events.releaseLabels" -}}
app.kubernetes.io/part-of: {{ include "argo-events.name" . | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* image (list root image): registry/repository:tag, or @digest where there is one. */}}
{{- define "argo-events.image" -}}
{{- $image := index . 1 }}
{{- $name := printf "%s/%s" (default $image.registry (index . 0).Values.imageRegistry) $image.repository }}
{{- ternary (printf "%s@%s" $name $image.digest) (printf "%s:%s" $name (toString $image.tag)) (ne (toString $image.digest) "") | quote }}
{{- end }}

{{/*
generation (list root component): what the pods of a component are called. A lone server and the members of a cluster keep different logs: neither may
ever open the other's disk, and no Service, budget or spread may take one for the other, so they have names, claims and labels of their own.
*/}}
{{- define "argo-events.generation" -}}
{{- index . 1 }}
{{- if eq (index . 1) "bus" }}
{{- $profile := (index . 0).Files.Get (printf "profiles/%s.yaml" (index . 0).Values.profile) | fromYaml }}
{{- ternary "-standalone" "" (le (default (get $profile "bus").replicas (get (index . 0).Values "bus").replicas | int) 1) }}
{{- end }}
{{- end }}

{{/* members (list root component): the name of a StatefulSet of voters, and of what belongs to it. */}}
{{- define "argo-events.members" -}}
{{ include "argo-events.fullname" (index . 0) }}-{{ include "argo-events.generation" . }}
{{- end }}
