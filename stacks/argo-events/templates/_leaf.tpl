{{/* The leaf nodes: they must run on every node that an event source or sensor of the bus may run on. */}}

{{/*
leafTolerations (list root leaf): adds to the values of the leaf the tolerations of the event sources and sensors of the bus. Without a
leaf on its node, such a pod never reaches the bus. They have no tolerationSeconds: the leaf stays as long as any of its clients.
*/}}
{{- define "argo-events.leafTolerations" -}}
{{- $root := index . 0 }}{{ $leaf := index . 1 }}
{{- range list "activeActiveSource" "activePassiveSource" "sensor" }}
{{- include "argo-events.addTolerations" (list $leaf (include "argo-events.component" (list $root .) | fromYaml).tolerations) }}
{{- end }}
{{- range $specs := list $root.Values.eventSources $root.Values.sensors }}
{{- range $specs }}
{{- include "argo-events.addTolerations" (list $leaf (ternary ((.template).tolerations) list (eq (default $root.Values.eventBus.name .eventBusName) $root.Values.eventBus.name))) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
addTolerations (list leaf tolerations): adds those that the leaf does not have. The DaemonSet controller itself adds those of nodes that are
not ready or unreachable (kubernetes pkg/controller/daemon/util/daemonset_util.go).
*/}}
{{- define "argo-events.addTolerations" -}}
{{- $leaf := index . 0 }}
{{- $own := list (dict "key" "node.kubernetes.io/not-ready" "operator" "Exists" "effect" "NoExecute") (dict "key" "node.kubernetes.io/unreachable" "operator" "Exists" "effect" "NoExecute") }}
{{- range index . 1 }}
{{- $toleration := omit . "tolerationSeconds" }}
{{- if not (has $toleration (concat $own ($leaf.tolerations | default list))) }}
{{- $_ := set $leaf "tolerations" (append ($leaf.tolerations | default list) $toleration) }}
{{- end }}
{{- end }}
{{- end }}

{{/* refuseLeafPlacement: a node selector or a required node affinity of the leaf that an event source or sensor does not have. */}}
{{- define "argo-events.refuseLeafPlacement" }}
  {{- $leaf := include "argo-events.component" (list . "leaf") | fromYaml }}
  {{- $affinity := (($leaf.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution }}
  {{- $keys := compact (list (ternary "nodeSelector" "" (not (empty $leaf.nodeSelector))) (ternary "affinity" "" (not (empty $affinity)))) }}
  {{- if and $keys (eq (include "argo-events.hasLeaf" .) "true") }}
    {{- $nodes := include "argo-events.nodeTerms" $leaf }}
    {{- $outside := list }}
    {{- range $kind, $specs := dict "eventSources" .Values.eventSources "sensors" .Values.sensors }}
      {{- range $name, $spec := $specs }}
        {{- $outside = append $outside (include "argo-events.outsideLeaf" (list $ $nodes $kind $name $spec)) }}
      {{- end }}
    {{- end }}
    {{- with compact $outside }}
    - leaf.{{ first $keys }}: it keeps the leaf from nodes where {{ join ", " . }} may run, and a pod without a leaf on its node cannot reach the bus: remove it, or give the template of each of them the same {{ join " and " $keys }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* outsideLeaf (list root nodes kind name spec): the key of an event source or sensor that may run elsewhere than on the leaf's nodes. */}}
{{- define "argo-events.outsideLeaf" -}}
{{- $root := index . 0 }}{{ $kind := index . 2 }}{{ $spec := index . 4 }}
{{- $defaults := include "argo-events.component" (list $root (include "argo-events.podDefaults" (list $kind $spec))) | fromYaml }}
{{- $pod := dict "affinity" ($spec.template).affinity "nodeSelector" ($defaults.nodeSelector | default dict) }}
{{- include "argo-events.merge" (list $pod (dict "nodeSelector" (($spec.template).nodeSelector)) "keep") }}
{{- $within := include "argo-events.nodesWithin" (list (include "argo-events.nodeTerms" $pod | fromJsonArray) (index . 1 | fromJsonArray)) }}
{{- if and (eq $within "") (eq (default $root.Values.eventBus.name $spec.eventBusName) $root.Values.eventBus.name) }}{{ $kind }}.{{ index . 3 }}{{ end }}
{{- end }}

{{/* podDefaults (list kind spec): the component with the defaults of an event source or sensor; kind is eventSources or sensors. */}}
{{- define "argo-events.podDefaults" -}}
{{- if eq (index . 0) "sensors" }}sensor{{ else if eq (include "argo-events.strategy" (index . 1)) "active-passive" }}activePassiveSource{{ else }}activeActiveSource{{ end }}
{{- end }}

{{/*
nodeTerms (a pod or the values of a component): the nodes that its nodeSelector and required node affinity allow, as a JSON list of
alternatives. Each alternative is a list of requirements on labels that a node must meet.
*/}}
{{- define "argo-events.nodeTerms" -}}
{{- $all := list }}
{{- range $key, $value := .nodeSelector }}{{ $all = append $all (dict "key" $key "operator" "In" "values" (list $value)) }}{{ end }}
{{- $terms := list }}
{{- range ((((.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution).nodeSelectorTerms) }}
{{- $terms = append $terms (concat $all (.matchExpressions | default list) (.matchFields | default list)) }}
{{- end }}
{{- $terms | default (list $all) | toJson }}
{{- end }}

{{/* nodesWithin (list a b): "true" if each node that the terms a allow is certainly allowed by the terms b; otherwise empty. */}}
{{- define "argo-events.nodesWithin" -}}
{{- $within := true }}
{{- range $inner := index . 0 }}
{{- $some := false }}
{{- range $outer := index $ 1 }}{{ $some = or $some (include "argo-events.implies" (list $inner $outer)) }}{{ end }}
{{- $within = and $within $some }}
{{- end }}
{{- if $within }}true{{ end }}
{{- end }}

{{/* implies (list given wanted): "true" if the requirements given include or narrow each of the requirements wanted; otherwise empty. */}}
{{- define "argo-events.implies" -}}
{{- $all := true }}
{{- range $wanted := index . 1 }}
{{- $some := false }}
{{- range $given := index $ 0 }}{{ $some = or $some (include "argo-events.narrows" (list $given $wanted)) }}{{ end }}
{{- $all = and $all $some }}
{{- end }}
{{- if $all }}true{{ end }}
{{- end }}

{{/* narrows (list given wanted): "true" if a requirement is the same as another, or allows fewer values; otherwise empty. */}}
{{- define "argo-events.narrows" -}}
{{- $given := index . 0 }}{{ $wanted := index . 1 }}
{{- $narrows := and (eq $given.key $wanted.key) (eq $given.operator $wanted.operator) }}
{{- if eq $given.operator "In" }}
{{- range $given.values }}{{ $narrows = and $narrows (has . $wanted.values) }}{{ end }}
{{- else }}
{{- $narrows = and $narrows (eq (toJson $given) (toJson $wanted)) }}
{{- end }}
{{- if $narrows }}true{{ end }}
{{- end }}
