{{/* Names and labels, nothing else. */}}

{{/* name: the chart's name, or nameOverride. */}}
{{- define "[[ .Name ]].name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* fullname: the release's name, with the chart's unless it says so already, short enough for what is added to it. */}}
{{- define "[[ .Name ]].fullname" -}}
{{- $name := include "[[ .Name ]].name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc [[ .NameLength ]] | trimSuffix "-" }}
{{- end }}

{{/* selectorLabels (list root component): what tells the pods of a component; never a version, selectors are for ever. */}}
{{- define "[[ .Name ]].selectorLabels" -}}
app.kubernetes.io/name: {{ include "[[ .Name ]].name" (index . 0) | quote }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ include "[[ .Name ]].generation" . }}
{{- end }}

{{/* labels (list root component): for the objects of the chart. */}}
{{- define "[[ .Name ]].labels" -}}
{{ include "[[ .Name ]].selectorLabels" . }}
{{ include "[[ .Name ]].releaseLabels" (index . 0) }}
{{- end }}

{{/* releaseLabels: of everything in a release. */}}
{{- define "[[ .Name ]].releaseLabels" -}}
app.kubernetes.io/part-of: {{ include "[[ .Name ]].name" . | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* image (list root image): registry/repository:tag, or @digest where there is one. */}}
{{- define "[[ .Name ]].image" -}}
{{- $image := index . 1 }}
{{- $name := printf "%s/%s" (default $image.registry (index . 0).Values.imageRegistry) $image.repository }}
{{- ternary (printf "%s@%s" $name $image.digest) (printf "%s:%s" $name (toString $image.tag)) (ne (toString $image.digest) "") | quote }}
{{- end }}

{{/*
generation (list root component): what the pods of a component are called. A lone server and the members of a cluster keep different logs: neither may
ever open the other's disk, and no Service, budget or spread may take one for the other, so they have names, claims and labels of their own.
*/}}
{{- define "[[ .Name ]].generation" -}}
{{- index . 1 }}
[[- range .Voters ]]
{{- if eq (index . 1) "[[ .Label ]]" }}
{{- $profile := (index . 0).Files.Get (printf "profiles/%s.yaml" (index . 0).Values.profile) | fromYaml }}
{{- ternary "-standalone" "" (le (default (get $profile "[[ .Name ]]").replicas (get (index . 0).Values "[[ .Name ]]").replicas | int) 1) }}
{{- end }}
[[- end ]]
{{- end }}

{{/* members (list root component): the name of a StatefulSet of voters, and of what belongs to it. */}}
{{- define "[[ .Name ]].members" -}}
{{ include "[[ .Name ]].fullname" (index . 0) }}-{{ include "[[ .Name ]].generation" . }}
{{- end }}
