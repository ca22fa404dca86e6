{{/*
Refusals at helm upgrade: what the cluster has, read by lookup. Without a cluster (helm template, holdfast render) they are silent, and so they
are at helm rollback, which renders nothing. A word in values.upgrade.allow passes over one of them.
*/}}
{{- define "argo-events.refuseUpgrade" }}
  {{- $allow := .Values.upgrade | default dict | dig "allow" list | default list }}
  {{- range $name, $word := dict "Immutable" "" "OtherBus" "abandonEvents" "MemberDown" "memberDown" "LowerLimits" "lowerLimits" "OlderServers" "olderServers" }}
    {{- if and $.Release.IsUpgrade (not (has $word $allow)) }}
      {{- include (printf "argo-events.refuse%s" $name) $ }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseImmutable: fields of the bus's StatefulSet that the API server does not change, and claims that are smaller than the values. */}}
{{- define "argo-events.refuseImmutable" }}
  {{- $set := lookup "apps/v1" "StatefulSet" .Release.Namespace (include "argo-events.members" (list . "bus")) }}
  {{- $c := include "argo-events.component" (list . "bus") | fromYaml }}
  {{- if or (ne .Values.eventBus.mode "managed") (contains "volumeClaimTemplates" (toJson .Values.overrides)) }}
  {{- else if $set }}
    {{- include "argo-events.refuseOtherDisks" (list $set $c.storage) }}
    {{- if ne (dig "spec" "selector" "matchLabels" "app.kubernetes.io/name" "" $set) (include "argo-events.name" .) }}
    - nameOverride: StatefulSet {{ $set.metadata.name }} selects its pods by another name, which is immutable: keep the name
    {{- end }}
  {{- else }}
    {{- include "argo-events.refuseSmallClaims" (list . $c) }}
  {{- end }}
{{- end }}

{{/* refuseOtherDisks (list StatefulSet storage): the claims that a StatefulSet creates. */}}
{{- define "argo-events.refuseOtherDisks" }}
  {{- $set := index . 0 }}{{ $storage := index . 1 }}
  {{- $claim := (first $set.spec.volumeClaimTemplates).spec }}
  {{- $remedy := printf "run kubectl delete statefulset %s --cascade=orphan, resize the claims, and upgrade; holdfast plan prints the commands" $set.metadata.name }}
  {{- if ne (include "argo-events.bytes" $claim.resources.requests.storage) (include "argo-events.bytes" $storage.size) }}
    - bus.storage.size: the claims of StatefulSet {{ $set.metadata.name }} have {{ $claim.resources.requests.storage }}, which is immutable: {{ $remedy }}
  {{- end }}
  {{- if ne ($claim.storageClassName | default "") ($storage.className | default "") }}
    - bus.storage.className: StatefulSet {{ $set.metadata.name }} has {{ $claim.storageClassName | default "the default class" }}, which is immutable: keep it, or run kubectl delete statefulset {{ $set.metadata.name }} --cascade=orphan and upgrade; existing claims keep their class
  {{- end }}
{{- end }}

{{/* refuseSmallClaims (list root component): claims from before, of a StatefulSet that is about to be created. */}}
{{- define "argo-events.refuseSmallClaims" }}
  {{- $root := index . 0 }}{{ $c := index . 1 }}
  {{- range until (int $c.replicas) }}
    {{- $claim := printf "data-%s-%d" (include "argo-events.members" (list $root "bus")) . }}
    {{- $size := dig "spec" "resources" "requests" "storage" "" (lookup "v1" "PersistentVolumeClaim" $root.Release.Namespace $claim) }}
    {{- if and $size (lt (include "argo-events.bytes" $size | float64) (include "argo-events.bytes" $c.storage.size | float64)) }}
    - bus.storage.size: PersistentVolumeClaim {{ $claim }} has {{ $size }}, less than {{ $c.storage.size }}: resize it first
    {{- end }}
  {{- end }}
{{- end }}

{{/* bytes (quantity): a size in bytes. */}}
{{- define "argo-events.bytes" -}}
{{- $unit := trimAll "0123456789." . }}
{{- $factor := get (dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "P" 1000000000000000 "" 1) $unit | default 1 }}
{{- printf "%.0f" (mulf (trimSuffix $unit . | float64) $factor) }}
{{- end }}

{{/* refuseOtherBus: servers or an EventBus of this release that the values no longer have. Their events would stay behind. */}}
{{- define "argo-events.refuseOtherBus" }}
  {{- $remedy := "stop the event sources, wait until no sensor has pending events, and upgrade with upgrade.allow={abandonEvents}" }}
  {{- $servers := printf "%s-bus" (include "argo-events.fullname" .) }}
  {{- range ternary (lookup "apps/v1" "StatefulSet" .Release.Namespace "").items list (has .Values.eventBus.mode (list "managed" "external")) }}
    {{- $ours := eq (dig "annotations" "meta.helm.sh/release-name" "" .metadata) $.Release.Name }}
    {{- $bus := hasPrefix "bus" (dig "labels" "app.kubernetes.io/component" "" .metadata) }}
    {{- if and $ours $bus (eq $.Values.eventBus.mode "external") }}
    - eventBus.mode: the events of this release are in StatefulSet {{ .metadata.name }}, and would stay there: keep the mode, or {{ $remedy }}
    {{- else if and $ours $bus (not (has .metadata.name (list $servers (printf "%s-standalone" $servers)))) }}
    - fullnameOverride, nameOverride: the events of this release are in StatefulSet {{ .metadata.name }}, and {{ $servers }} would be empty: keep the names, or {{ $remedy }}
    {{- end }}
  {{- end }}
  {{- $kind := get (dict "managed" "jetstreamExotic" "native" "jetstream" "kafka" "kafka" "external" "jetstreamExotic") .Values.eventBus.mode }}
  {{- range (lookup "argoproj.io/v1alpha1" "EventBus" .Release.Namespace "").items }}
    {{- $ours := eq (dig "annotations" "meta.helm.sh/release-name" "" .metadata) $.Release.Name }}
    {{- /* The stream of a managed bus and a topic with a name do not depend on the name of the EventBus. */}}
    {{- $same := and (hasKey .spec $kind) (or (eq $kind "jetstreamExotic") (dig "kafka" "topic" "" .spec)) }}
    {{- if not $ours }}
    {{- else if and (eq .metadata.name $.Values.eventBus.name) (include "argo-events.otherServers" (list $ .spec)) }}
    - eventBus.external.url: EventBus {{ .metadata.name }} has its events on {{ .spec.jetstreamExotic.url }}, and they would stay there: keep the servers, or {{ $remedy }}
    {{- else if and (eq .metadata.name $.Values.eventBus.name) (not (hasKey .spec $kind)) }}
    - eventBus.mode: EventBus {{ .metadata.name }} has another mode, and its events would stay on the old bus: keep the mode, or {{ $remedy }}
    {{- else if not (or $same (lookup "argoproj.io/v1alpha1" "EventBus" $.Release.Namespace $.Values.eventBus.name)) }}
    - eventBus.name: the events of this release are on EventBus {{ .metadata.name }}, and {{ $.Values.eventBus.name }} would be empty: keep the name, or {{ $remedy }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* otherServers (list root spec): "true" if the EventBus of a release connects to servers outside of it, and the values to others. */}}
{{- define "argo-events.otherServers" -}}
{{- $root := index . 0 }}{{ $was := dig "jetstreamExotic" "url" "" (index . 1) }}
{{- $will := dig "url" "" ($root.Values.eventBus.external | default dict) }}
{{- $outside := and $was (not (regexMatch "^nats://[-a-z0-9]+-(bus|leaf):4222$" $was)) }}
{{- if and $outside (has $root.Values.eventBus.mode (list "managed" "external")) (ne $was $will) }}true{{ end }}
{{- end }}

{{/* liveSet: the StatefulSet of the servers, managed or native; nothing for kafka, whose brokers the chart does not see. */}}
{{- define "argo-events.liveSet" -}}
{{- $name := get (dict "managed" (include "argo-events.members" (list . "bus")) "native" (printf "eventbus-%s-js" .Values.eventBus.name)) .Values.eventBus.mode }}
{{- with $name }}{{ lookup "apps/v1" "StatefulSet" $.Release.Namespace . | toJson }}{{ else }}{}{{ end }}
{{- end }}

{{/* refuseMemberDown: an upgrade while some servers of a quorum are not ready. It could stop another one. */}}
{{- define "argo-events.refuseMemberDown" }}
  {{- $set := include "argo-events.liveSet" . | fromJson }}
  {{- $servers := dig "spec" "replicas" 0 $set | int }}
  {{- $ready := dig "status" "readyReplicas" 0 $set | int }}
  {{- if and (gt $servers 1) (gt $ready 0) (lt $ready $servers) }}
    - eventBus: {{ $ready }} of {{ $servers }} servers of {{ $set.metadata.name }} are ready, and an upgrade could stop another one: wait until all are ready, or, if this upgrade is the repair, set upgrade.allow={memberDown}
  {{- end }}
{{- end }}

{{/* refuseLowerLimits: limits of the stream below those of the EventBus in the cluster. The server deletes the events beyond them at once. */}}
{{- define "argo-events.refuseLowerLimits" }}
  {{- $kind := get (dict "managed" "jetstreamExotic" "native" "jetstream" "external" "jetstreamExotic") .Values.eventBus.mode }}
  {{- $live := lookup "argoproj.io/v1alpha1" "EventBus" .Release.Namespace .Values.eventBus.name | dig "spec" (default "none" $kind) "streamConfig" "" | fromYaml }}
  {{- if and $live (not (contains "streamConfig" (toJson .Values.overrides))) }}
    {{- $new := include "argo-events.streamConfig" . | fromYaml }}
    {{- range $key := list "maxAge" "maxBytes" "maxMsgs" }}
      {{- $was := get $live $key }}{{ $will := get $new $key }}
      {{- if lt (include "argo-events.limit" $will | float64) (include "argo-events.limit" $was | float64) }}
    - eventBus.stream.{{ $key }}: {{ include "argo-events.limitText" $will }} instead of {{ include "argo-events.limitText" $was }}, and the server deletes the oldest events beyond it, processed or not: count them by holdfast plan --bus URL, then keep the limit, or set upgrade.allow={lowerLimits}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* limit (a number or a duration): as a number. None, 0 or less is no limit. */}}
{{- define "argo-events.limit" -}}
{{- $number := ternary (include "argo-events.milliseconds" (toString .)) (toString .) (kindIs "string" .) | float64 }}
{{- printf "%.0f" (ternary $number 1e300 (gt $number 0.0)) }}
{{- end }}

{{- define "argo-events.limitText" -}}
{{- if eq (include "argo-events.limit" .) (include "argo-events.limit" 0.0) }}unlimited{{ else if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/*
refuseOlderServers: a nats-server of an older minor version, which may not read the files of the running one (release notes of nats-server 2.10.0).
Tags that are no version, and digests, are not compared.
*/}}
{{- define "argo-events.refuseOlderServers" }}
  {{- $key := "nativeBus.version" }}{{ $will := toString .Values.nativeBus.version }}
  {{- $was := lookup "argoproj.io/v1alpha1" "EventBus" .Release.Namespace .Values.eventBus.name | dig "spec" "jetstream" "version" "" }}
  {{- if eq .Values.eventBus.mode "managed" }}
    {{- $key = "bus.image.tag" }}{{ $will = toString (include "argo-events.component" (list . "bus") | fromYaml).image.tag }}{{ $was = "" }}
    {{- range include "argo-events.liveSet" . | fromJson | dig "spec" "template" "spec" "containers" list }}
      {{- if eq .name "bus" }}{{ $was = regexFind ":[^:/@]+(@|$)" .image | trimAll ":@" }}{{ end }}
    {{- end }}
  {{- end }}
  {{- $old := regexFind "^v?[0-9]+[.][0-9]+" $was }}{{ $new := regexFind "^v?[0-9]+[.][0-9]+" $will }}
  {{- if and $old $new (ne .Values.eventBus.mode "kafka") (semverCompare (printf "<%s.0" $old) (printf "%s.0" $new)) }}
    - {{ $key }}: nats-server {{ $will }} is older than the running {{ $was }} and may not read its files: keep the version, or run nats server report downgrade, back up the streams with nats account backup, and set upgrade.allow={olderServers}
  {{- end }}
{{- end }}
