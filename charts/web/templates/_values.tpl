{{/* Where a value comes from: what a person wrote > the profile > built in. */}}

{{/* component (list root name): the values of a component, the explicit ones laid over the profile's. */}}
{{- define "web.component" -}}
{{- $root := index . 0 }}
{{- $profile := $root.Files.Get (printf "profiles/%s.yaml" $root.Values.profile) | fromYaml }}
{{- $values := get $profile (index . 1) | default dict }}
{{- include "web.overlay" (list $values (get $root.Values (index . 1)) "keep") }}
{{- toYaml $values }}{{ "\n" }}
{{- end }}

{{/*
overlay (list base over nulls): lays over onto base, in place. Maps meet key by key; lists of things with a name
(containers, env, tolerations ...) thing by thing; other lists are replaced. A null takes away what base has; at the top, with nulls "keep", it leaves it: that is how a profile is asked.
*/}}
{{- define "web.overlay" -}}
{{- $base := index . 0 }}{{ $nulls := index . 2 }}
{{- $ids := dict "containers" "name" "initContainers" "name" "volumes" "name" "env" "name" "ports" "name" "volumeMounts" "mountPath" "tolerations" "key" }}
{{- range $key, $value := index . 1 }}
{{- $old := get $base $key }}
{{- if and (kindIs "map" $value) (kindIs "map" $old) }}
{{- include "web.overlay" (list $old $value "remove") }}
{{- else if and (kindIs "slice" $value) (kindIs "slice" $old) (hasKey $ids $key) }}
{{- include "web.overlayList" (list $base $key $value (get $ids $key)) }}
{{- else if not (kindIs "invalid" $value) }}
{{- $_ := set $base $key $value }}
{{- else if eq $nulls "remove" }}
{{- $_ := unset $base $key }}
{{- end }}
{{- end }}
{{- end }}

{{/* overlayList (list base key items id): lays items onto the list base.key, matched by the field id. */}}
{{- define "web.overlayList" -}}
{{- $base := index . 0 }}{{ $key := index . 1 }}{{ $id := index . 3 }}
{{- range $item := index . 2 }}
{{- $met := false }}
{{- range $old := get $base $key }}
{{- if eq (toString (get $old $id)) (toString (get $item $id)) }}
{{- $met = true }}
{{- include "web.overlay" (list $old $item "remove") }}
{{- end }}
{{- end }}
{{- if not $met }}
{{- $_ := set $base $key (append (get $base $key) $item) }}
{{- end }}
{{- end }}
{{- end }}

{{/* object (list root key template context): an object of the chart, with the user's override of it laid on. */}}
{{- define "web.object" -}}
{{- $root := index . 0 }}
{{- $text := include (index . 2) (index . 3) }}
{{- $override := get (default dict $root.Values.overrides) (index . 1) }}
{{- if and $text $override }}
{{- $object := printf "%s\n" $text | fromYaml }}
{{- if not (hasKey $object "kind") }}{{ fail (printf "overrides: %s cannot be read: %s" (index . 1) $object.Error) }}{{ end }}
{{- include "web.overlay" (list $object (deepCopy $override) "remove") }}
{{- $text = toYaml $object }}
{{- end }}
{{- with $text }}
---
{{ . }}
{{- end }}
{{- end }}
