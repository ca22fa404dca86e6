{{/* Refusals of values that Argo Events or NATS would reject or silently ignore. See refusals.yaml for the form. */}}
{{- define "argo-events.stackRefusals" }}
  {{- include "argo-events.refuseAdmissionPolicy" . }}
  {{- include "argo-events.refuseStreamReplicas" . }}
  {{- include "argo-events.refuseStreamLimits" . }}
  {{- include "argo-events.refuseMaxPayload" . }}
  {{- include "argo-events.refuseUnknownZones" . }}
  {{- include "argo-events.refuseKafka" . }}
  {{- include "argo-events.refuseToolbox" . }}
  {{- include "argo-events.refuseExternal" . }}
  {{- include "argo-events.refuseNativeSpread" . }}
  {{- include "argo-events.refuseNativeVersion" . }}
  {{- include "argo-events.refuseMigration" . }}
  {{- include "argo-events.refuseLeafPlacement" . }}
  {{- include "argo-events.refuseIncompleteUsers" . }}
  {{- include "argo-events.refuseDecryption" . }}
  {{- include "argo-events.refuseUpgrade" . }}
  {{- if eq .Values.eventBus.mode "managed" }}
    {{- include "argo-events.refuseIssuer" . }}
    {{- include "argo-events.refuseForeignCA" . }}
  {{- end }}
  {{- include "argo-events.refuseClusterOptions" . }}
  {{- include "argo-events.refuseExposure" . }}
  {{- if and (eq .Values.eventBus.mode "managed") (.Values.migration).from }}
    {{- include "argo-events.refuseMigrationStart" . }}
  {{- else if eq .Values.eventBus.mode "managed" }}
    {{- include "argo-events.refuseBusChange" . }}
  {{- end }}
  {{- $passive := include "argo-events.component" (list . "activePassiveSource") | fromYaml }}{{ $by := toString (.Values.activePassiveSource.election).by }}
  {{- $active := include "argo-events.component" (list . "activeActiveSource") | fromYaml }}
  {{- range $name, $spec := .Values.eventSources }}
    {{- include "argo-events.refuseEventSource" (list $name $spec $by (int (default $active.replicas $spec.replicas)) (int (default $passive.replicas $spec.replicas))) }}
  {{- end }}
  {{- $by = toString (.Values.sensor.election).by }}
  {{- include "argo-events.check.structures.backoff" (list "sensor.retryStrategy" (default dict .Values.sensor.retryStrategy) false) }}
  {{- range $name, $spec := .Values.sensors }}
    {{- include "argo-events.refuseSensor" (list $ $name $spec) }}
    {{- include "argo-events.refuseEvenElectionOf" (list (printf "sensors.%s" $name) $spec $by) }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseAdmissionPolicy" }}
  {{- if and .Values.admissionPolicy.enabled (semverCompare "<1.36-0" .Capabilities.KubeVersion.Version) }}
    - admissionPolicy.enabled: MutatingAdmissionPolicy v1 needs Kubernetes 1.36, and this is {{ .Capabilities.KubeVersion.Version }}: disable it, and let webhook callers retry
  {{- end }}
{{- end }}

{{- define "argo-events.refuseToolbox" }}
  {{- if and .Values.toolbox.enabled (eq .Values.eventBus.mode "kafka") }}
    - toolbox.enabled: the toolbox has the nats command, and the bus is Kafka: disable it, and use the tools of your brokers
  {{- end }}
{{- end }}

{{- define "argo-events.refuseStreamReplicas" }}
  {{- $profile := (.Files.Get (printf "profiles/%s.yaml" .Values.profile) | fromYaml).profile }}
  {{- $servers := include "argo-events.servers" . | int }}
  {{- $replicas := include "argo-events.streamReplicas" . | int }}
  {{- if eq .Values.eventBus.mode "kafka" }}
  {{- else if and (gt $replicas $servers) (ne .Values.eventBus.mode "external") }}
    - eventBus.stream.replicas: {{ $replicas }} copies need {{ $replicas }} servers, and the bus has {{ $servers }}: use {{ min 3 $servers }}, or a profile with more servers
  {{- else if and (eq $replicas 1) $profile.survives }}
    - eventBus.stream.replicas: the only copy is lost with its {{ first $profile.survives }}, and profile {{ .Values.profile }} promises to survive that: use 3
  {{- else if and (has "zone" $profile.survives) (gt $replicas (int $profile.needs.zones)) }}
    - eventBus.stream.replicas: each copy needs its own zone, and profile {{ .Values.profile }} requires only {{ $profile.needs.zones }} zones: use {{ $profile.needs.zones }}
  {{- end }}
{{- end }}

{{/* refuseStreamLimits: what the server refuses (nats-server stream.go checkStreamCfg), and limits beyond its store. */}}
{{- define "argo-events.refuseStreamLimits" }}
  {{- $stream := .Values.eventBus.stream }}
  {{- $age := include "argo-events.milliseconds" $stream.maxAge | float64 }}
  {{- $window := include "argo-events.milliseconds" $stream.duplicates | float64 }}
  {{- range $key, $value := dict "maxAge" $age "duplicates" $window }}
    {{- if gt $value 9223372036854.0 }}
    - eventBus.stream.{{ $key }}: {{ get $stream $key }} is longer than the 292 years of a Go duration: use at most 87600h
    {{- else if and (gt $value 0.0) (lt $value 100.0) }}
    - eventBus.stream.{{ $key }}: {{ get $stream $key }} is shorter than 100ms, which NATS refuses: use at least 100ms
    {{- end }}
  {{- end }}
  {{- if and (gt $age 0.0) (lt $age $window) }}
    - eventBus.stream.maxAge: {{ $stream.maxAge }} is shorter than the window of eventBus.stream.duplicates, {{ $stream.duplicates }}, which NATS refuses: lower duplicates to {{ $stream.maxAge }}, or raise maxAge
  {{- end }}
  {{- if and (include "argo-events.store" .) (not (kindIs "invalid" $stream.maxBytes)) }}
    {{- $most := include "argo-events.maxStreamBytes" . | int64 }}
    {{- $owner := get (dict "managed" "bus" "native" "nativeBus") .Values.eventBus.mode }}
    {{- if le (int64 $stream.maxBytes) 0 }}
    - eventBus.stream.maxBytes: without a limit, the stream fills the store of the servers, which then accept nothing and deliver nothing: remove it, or use at most {{ $most }}
    {{- else if gt (int64 $stream.maxBytes) $most }}
    - eventBus.stream.maxBytes: {{ int64 $stream.maxBytes }} bytes leave too little of {{ $owner }}.storage.size for buckets and logs, and full servers accept nothing and deliver nothing: use at most {{ $most }}, or larger volumes
    {{- end }}
  {{- end }}
{{- end }}

{{/* milliseconds: a Go duration in milliseconds. */}}
{{- define "argo-events.milliseconds" -}}
{{- $sum := 0.0 }}
{{- range regexFindAll "[0-9.]+(ms|s|m|h)" . -1 }}
{{- $unit := . | trimAll "0123456789." }}
{{- $sum = addf $sum (mulf (trimSuffix $unit . | float64) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) $unit)) }}
{{- end }}
{{- printf "%.0f" $sum }}
{{- end }}

{{/* refuseMaxPayload: an event larger than what a server may have pending for a client (nats-server server.go validateOptions, max_pending 64MB). */}}
{{- define "argo-events.refuseMaxPayload" }}
  {{- $size := .Values.eventBus.maxPayload | toString | lower }}
  {{- $unit := $size | trimAll "0123456789" }}
  {{- if gt (mul (trimSuffix $unit $size | int64) (get (dict "" 1 "k" 1000 "kb" 1024 "m" 1000000 "mb" 1048576) $unit)) 67108864 }}
    - eventBus.maxPayload: {{ .Values.eventBus.maxPayload }} is more than 64MB, and nats-server does not start with it: use at most 64MB, and send larger data by reference
  {{- end }}
{{- end }}

{{- define "argo-events.refuseUnknownZones" }}
  {{- $survives := (.Files.Get (printf "profiles/%s.yaml" .Values.profile) | fromYaml).profile.survives | default list }}
  {{- $spread := and (eq .Values.eventBus.mode "managed") (gt (include "argo-events.servers" . | int) 3) (has "zone" $survives) }}
  {{- if and $spread (semverCompare "<1.35.0-0" .Capabilities.KubeVersion.Version) }}
    - bus.replicas: more servers than zones need the zone of each pod, which Kubernetes provides from 1.35 (this is {{ .Capabilities.KubeVersion.Version }}): use 3
  {{- end }}
{{- end }}

{{- define "argo-events.refuseKafka" }}
  {{- $kafka := .Values.eventBus.kafka }}
  {{- if and (eq .Values.eventBus.mode "kafka") (not $kafka.url) }}
    - eventBus.kafka.url: missing in mode kafka: set the broker addresses, host:port, separated by commas
  {{- else if and (ne .Values.eventBus.mode "kafka") $kafka }}
    - eventBus.kafka: only mode kafka uses it: set eventBus.mode to kafka, or remove it
  {{- end }}
{{- end }}

{{/*
refuseExternal: what argo-events refuses or reads otherwise (v1.9.11 pkg/eventbus/jetstream/base/jetstream.go: without tls, a client accepts every
certificate), and what the chart cannot derive without the servers.
*/}}
{{- define "argo-events.refuseExternal" }}
  {{- $external := .Values.eventBus.external | default dict }}
  {{- if ne .Values.eventBus.mode "external" }}
    {{- if $external }}
    - eventBus.external: only mode external uses it: set eventBus.mode to external, or remove it
    {{- end }}
  {{- else }}
    {{- $tls := $external.tls | default dict }}
    {{- if not $external.url }}
    - eventBus.external.url: missing in mode external: set the addresses of the servers, nats://host:4222, separated by commas
    {{- end }}
    {{- if $external.streamConfig }}
    - eventBus.external.streamConfig: the settings of the stream are in eventBus.stream, for the Job that applies them: set them there
    {{- end }}
    {{- if $tls.insecureSkipVerify }}
    - eventBus.external.tls.insecureSkipVerify: event sources and sensors would send the password to any server: remove it, and set tls.caCertSecret
    {{- else if not (or $tls.enabled $tls.caCertSecret) }}
    - eventBus.external.tls: without it, event sources and sensors require TLS and accept every certificate: set tls.caCertSecret, or tls.enabled=true for a certificate of a public CA
    {{- end }}
    {{- if ne (empty $tls.clientCertSecret) (empty $tls.clientKeySecret) }}
    - eventBus.external.tls: both of clientCertSecret and clientKeySecret need to be configured: set both, or none
    {{- end }}
    {{- if kindIs "invalid" .Values.eventBus.stream.maxBytes }}
    - eventBus.stream.maxBytes: the disks of the servers are unknown, and full servers accept nothing and deliver nothing: set the bytes that the stream may have there, or -1 if the account has a limit
    {{- end }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseNativeSpread" }}
  {{- $c := include "argo-events.component" (list . "nativeBus") | fromYaml }}
  {{- range ternary $c.antiAffinity list (eq .Values.eventBus.mode "native") }}
    {{- if and (gt (int .hardUpTo) 0) (gt (int $c.replicas) (int .hardUpTo)) }}
      - nativeBus.replicas: the EventBus resource has anti-affinity but no spread constraints, so each {{ .topologyKey | splitList "/" | last }} can hold one server: use {{ .hardUpTo }}, or eventBus.mode managed
    {{- end }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseNativeVersion" }}
  {{- $versions := list }}
  {{- range .Values.nativeBus.versions }}{{ $versions = append $versions .version }}{{ end }}
  {{- if and (eq .Values.eventBus.mode "native") (not (has .Values.nativeBus.version $versions)) }}
    - nativeBus.version: {{ .Values.nativeBus.version | quote }} is not a configured version ({{ join ", " $versions }}): use one of these, or add it to nativeBus.versions
  {{- end }}
{{- end }}

{{- define "argo-events.refuseMigration" }}
  {{- $to := .Values.profile }}
  {{- with .Values.migration }}
    {{- if not .from }}
    {{- else if ne $.Values.eventBus.mode "managed" }}
      - migration.from: the chart can migrate only a bus of mode managed, and this is {{ $.Values.eventBus.mode }}: remove it
    {{- else if not .id }}
      - migration.id: a migration needs an id that no earlier one had: use the date
    {{- else if eq (include "argo-events.members" (list $ "bus")) (include "argo-events.oldBus" $ | fromYaml).name }}
      - migration.from: from {{ .from }} to {{ $to }} the servers keep their disks: remove it
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseBusChange: an upgrade between a standalone server and a cluster without a migration, which would leave events behind. */}}
{{- define "argo-events.refuseBusChange" }}
  {{- $members := include "argo-events.members" (list . "bus") }}
  {{- $standalone := printf "%s-bus-standalone" (include "argo-events.fullname" .) }}
  {{- $other := ternary (trimSuffix "-standalone" $standalone) $standalone (eq $members $standalone) }}
  {{- $new := include "argo-events.liveBus" (list . $members) | fromYaml }}
  {{- $old := include "argo-events.liveBus" (list . $other) | fromYaml }}
  {{- if and $old.exists (not $new.exists) }}
    - profile: the events of this release are in StatefulSet {{ $other }}, and {{ .Values.profile }} uses {{ $members }}, which would be empty: add --set migration.from=<the profile it has now> --set migration.id=<the date>, see README.md, "Change the profile"
  {{- else if and $new.gated (not $new.ready) }}
    - migration: the migration is not complete, and {{ $members }} lacks some of the events: wait for its Job, or go back with helm rollback or the previous profile
  {{- else if and $old.gated $old.ready }}
    - profile: the migration is complete, and {{ $other }} has received events since: go back by another migration, with another migration.id
  {{- end }}
{{- end }}

{{/* refuseMigrationStart: a migration that cannot complete, or that conflicts with an earlier one. */}}
{{- define "argo-events.refuseMigrationStart" }}
  {{- $bus := include "argo-events.bus" . | fromYaml }}
  {{- $before := include "argo-events.oldBus" . | fromYaml }}
  {{- $new := lookup "apps/v1" "StatefulSet" .Release.Namespace $bus.name }}
  {{- $old := lookup "apps/v1" "StatefulSet" .Release.Namespace (ternary (trimSuffix "-standalone" $bus.name) (printf "%s-standalone" $bus.name) (hasSuffix "-standalone" $bus.name)) }}
  {{- $servers := dig "spec" "replicas" "" $old | toString }}
  {{- if and $new (not (contains (printf "stream=%s\"" (include "argo-events.gate" .)) (toJson $new))) }}
    - migration.id: StatefulSet {{ $bus.name }} already exists, and migration {{ .Values.migration.id }} did not create it: complete the earlier migration, or remove migration
  {{- else if and $new (ne (dig "spec" "replicas" 0 $new | int) (int $bus.servers)) }}
    - bus.replicas: migration {{ .Values.migration.id }} has started with {{ dig "spec" "replicas" 0 $new }} servers: change to {{ $bus.servers }} when it is complete
  {{- else if not $new }}
    {{- include "argo-events.refuseOldClaims" (list . $bus) }}
  {{- end }}
  {{- if and $servers (ne $servers (toString $before.servers)) }}
    - migration.servers: the bus has {{ $servers }} servers, and {{ $before.servers }} would remain: use {{ $servers }}
  {{- end }}
{{- end }}

{{/* refuseOldClaims (list root bus): a PersistentVolumeClaim of an earlier bus. */}}
{{- define "argo-events.refuseOldClaims" }}
  {{- $root := index . 0 }}{{ $bus := index . 1 }}
  {{- range until (int $bus.servers) }}
    {{- $claim := printf "data-%s-%d" $bus.name . }}
    {{- if lookup "v1" "PersistentVolumeClaim" $root.Release.Namespace $claim }}
      - migration: PersistentVolumeClaim {{ $claim }} has events from before, older than those to be migrated: delete it, or keep its profile
    {{- end }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseEventSource" }}
  {{- $name := index . 0 }}{{ $spec := index . 1 }}
  {{- $types := dict "active-active" list "active-passive" list }}
  {{- range $type, $events := omit $spec "eventBusName" "replicas" "service" "template" }}
    {{- $strategy := include "argo-events.strategy" (dict $type true) }}
    {{- $_ := set $types $strategy (append (get $types $strategy) $type) }}
    {{- range $event, $value := $events }}
      {{- include (print "argo-events.check.eventSources." $type) (list (printf "eventSources.%s.%s.%s" $name $type $event) $value false) }}
    {{- end }}
  {{- end }}
  {{- $active := get $types "active-active" }}{{ $passive := get $types "active-passive" }}
  {{- if and $active $passive }}
    - eventSources.{{ $name }}: event sources with rolling update and recreate update strategy can not be put together, because {{ join ", " $active }} runs in all replicas and {{ join ", " $passive }} in one: split it into two event sources
  {{- else if not (or $active $passive) }}
    - eventSources.{{ $name }}: no type of event source is set: add one, for example webhook
  {{- end }}
  {{- include "argo-events.refuseSharedEvent" (list $name $spec) }}
  {{- include "argo-events.refuseDeletedHook" (list $name $spec (index . 3)) }}
  {{- include "argo-events.refuseNodeFolder" (list $name $spec (index . 4)) }}
  {{- include "argo-events.refuseSharedPort" (list $name $active $spec) }}
  {{- include "argo-events.refuseServiceName" (list $name $spec) }}
  {{- if $passive }}
    {{- include "argo-events.refuseEvenElectionOf" (list (printf "eventSources.%s" $name) $spec (index . 2)) }}
  {{- end }}
{{- end }}

{{/* refuseEvenElectionOf (list path spec by): two pods of one event source or sensor that elect by majority. by is that of the values. */}}
{{- define "argo-events.refuseEvenElectionOf" }}
  {{- if and (eq (index . 2) "nats") (eq (int (index . 1).replicas) 2) }}
    - {{ index . 0 }}.replicas: an election by majority among 2 needs both, so the standby never takes over: use 3, or election.by leases
  {{- end }}
{{- end }}

{{- define "argo-events.refuseSharedEvent" }}
  {{- $name := index . 0 }}{{ $events := list }}
  {{- range $type, $value := omit (index . 1) "eventBusName" "replicas" "service" "template" }}
    {{- range $event, $_ := $value }}
      {{- if has $event $events }}
        - eventSources.{{ $name }}.{{ $type }}.{{ $event }}: more than one {{ $event | quote }} found in the spec, because another type has an event of the same name: rename one
      {{- end }}
      {{- $events = append $events $event }}
    {{- end }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseSharedPort" }}
  {{- $name := index . 0 }}{{ $ports := dict }}
  {{- range $type := index . 1 }}
    {{- range include "argo-events.httpPorts" (pick (index $ 2) $type) | fromJsonArray }}
      {{- if hasKey $ports . }}
        - eventSources.{{ $name }}.{{ $type }}: {{ get $ports . }} also listens on port {{ . }}, and only one of them can: give each type its own port
      {{- end }}
      {{- $_ := set $ports . $type }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseServiceName: the controller cannot create a Service with more than 63 characters in its name, NAME-eventsource-svc. */}}
{{- define "argo-events.refuseServiceName" }}
  {{- $name := index . 0 }}
  {{- if and (gt (len $name) 47) (or (index . 1).service (include "argo-events.httpPorts" (index . 1) | fromJsonArray)) }}
    - eventSources.{{ $name }}: must be no more than 63 characters in the name of its Service, {{ $name }}-eventsource-svc: shorten the name to 47
  {{- end }}
{{- end }}

{{- define "argo-events.refuseSensor" }}
  {{- $root := index . 0 }}{{ $name := index . 1 }}{{ $spec := index . 2 }}
  {{- $path := printf "sensors.%s" $name }}{{ $dependencies := list }}{{ $triggers := list }}
  {{- include "argo-events.check.structures.sensor" (list $path $spec false) }}
  {{- range $i, $dependency := $spec.dependencies }}
    {{- $at := printf "%s.dependencies[%d]" $path $i }}
    {{- include "argo-events.refuseUnknownEvent" (list $root $at $dependency) }}
    {{- if has $dependency.name $dependencies }}
      - {{ $at }}.name: another dependency has the name {{ $dependency.name | quote }}, and Argo Events keeps only the last one: rename one
    {{- end }}
    {{- $dependencies = append $dependencies (default "" $dependency.name) }}
  {{- end }}
  {{- range $i, $trigger := $spec.triggers }}
    {{- $at := printf "%s.triggers[%d]" $path $i }}
    {{- include "argo-events.refuseTrigger" (list $root $at $trigger $dependencies) }}
    {{- include "argo-events.refuseConditions" (list $at $trigger.template.conditions $dependencies) }}
    {{- if has $trigger.template.name $triggers }}
      - {{ $at }}.template.name: duplicate trigger name: {{ $trigger.template.name }}: rename one
    {{- else if and (ne $root.Values.eventBus.mode "kafka") (regexMatch "^\\.|[^-/_=.a-zA-Z0-9]" $trigger.template.name) }}
      - {{ $at }}.template.name: nats: invalid key, because {{ $trigger.template.name | quote }} is part of a key in JetStream: use letters, digits and -
    {{- end }}
    {{- $triggers = append $triggers $trigger.template.name }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseUnknownEvent" }}
  {{- $dependency := index . 2 }}{{ $events := list }}
  {{- with get (index . 0).Values.eventSources (toString $dependency.eventSourceName) }}
    {{- range omit . "eventBusName" "replicas" "service" "template" }}{{ $events = concat $events (keys .) }}{{ end }}
    {{- if and $dependency.eventName (not (has $dependency.eventName $events)) }}
      - {{ index $ 1 }}.eventName: event source {{ $dependency.eventSourceName }} has no event {{ $dependency.eventName | quote }}, so the sensor would never trigger: use one of {{ $events | uniq | sortAlpha | join ", " }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseTrigger (list root path trigger dependencies) */}}
{{- define "argo-events.refuseTrigger" }}
  {{- $root := index . 0 }}{{ $path := index . 1 }}{{ $trigger := index . 2 }}{{ $dependencies := index . 3 }}
  {{- include "argo-events.check.structures.trigger" (list $path $trigger false) }}
  {{- include "argo-events.refuseUnknownDependencies" (list $path (pick $trigger "parameters") $dependencies) }}
  {{- range $type, $value := omit $trigger.template "name" "conditions" "conditionsReset" }}
    {{- $at := printf "%s.template.%s" $path $type }}
    {{- include (print "argo-events.check.triggers." $type) (list $at $value (or $trigger.parameters $value.parameters)) }}
    {{- include "argo-events.refuseUnknownDependencies" (list $at (pick $value "parameters" "payload" "dynamicHeaders") $dependencies) }}
  {{- end }}
  {{- $default := $root.Values.sensor.atLeastOnce }}
  {{- $atLeastOnce := dig "atLeastOnce" $default $trigger }}
  {{- if and $trigger.retryStrategy (not $atLeastOnce) }}
    - {{ $path }}.retryStrategy: an event that is acknowledged before its trigger runs is never retried: set atLeastOnce to true, or remove the strategy
  {{- end }}
  {{- with $trigger.dlqTrigger }}
    {{- if not (and $atLeastOnce (dig "atLeastOnce" $default .)) }}
      - {{ $path }}.dlqTrigger: to use dlqTrigger, trigger.atLeastOnce must be set to true, because dead letters need events that are acknowledged after their trigger has run: set atLeastOnce to true on both triggers, or remove dlqTrigger
    {{- end }}
    {{- include "argo-events.refuseTrigger" (list $root (printf "%s.dlqTrigger" $path) . $dependencies) }}
  {{- end }}
{{- end }}

{{/* refuseUnknownDependencies (list path lists dependencies): parameters that can have no event. Argo Events skips them, or ends with a panic. */}}
{{- define "argo-events.refuseUnknownDependencies" }}
  {{- $path := index . 0 }}{{ $dependencies := index . 2 }}
  {{- range $key, $parameters := index . 1 }}
    {{- range $i, $parameter := $parameters }}
      {{- $name := ($parameter.src).dependencyName }}
      {{- if and $name (not (has $name $dependencies)) }}
        - {{ $path }}.{{ $key }}[{{ $i }}].src.dependencyName: this sensor has no dependency {{ $name | quote }}, so the parameter never has an event: use one of {{ $dependencies | uniq | join ", " }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}

{{/*
refuseConditions (list path conditions dependencies): an expression that pkg/sensors/listener.go cannot read: names of dependencies with &&, ||
and ( ). Argo Events reads - in a name as _. Names are replaced by x, and parts of two or in ( ) by one, until one is left.
*/}}
{{- define "argo-events.refuseConditions" }}
  {{- $path := index . 0 }}
  {{- with index . 1 }}
    {{- $names := index $ 2 | join " " | replace "-" "_" | splitList " " }}{{ $unknown := list }}
    {{- range regexFindAll "[^\\s()&|]+" . -1 }}
      {{- if not (has (replace "-" "_" .) $names) }}{{ $unknown = append $unknown . }}{{ end }}
    {{- end }}
    {{- $rest := regexReplaceAll "\\s*(&&|\\|\\||[()])\\s*" (regexReplaceAll "[^\\s()&|]+" (trim .) "x") "$1" }}
    {{- range until (len $rest) }}
      {{- if ne $rest "x" }}{{ $rest = regexReplaceAll "x(&&|\\|\\|)x|\\(x\\)" $rest "x" }}{{ end }}
    {{- end }}
    {{- if $unknown }}
      - {{ $path }}.template.conditions: Dependency expression and dependency list do not match, {{ join ", " $unknown }} is not found: use {{ index $ 2 | uniq | join ", " }} with &&, || and ( )
    {{- else if ne $rest "x" }}
      - {{ $path }}.template.conditions: Failed to compile original dependency expression: join the names of dependencies by && or ||, and close each (
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseIncompleteUsers: a Secret of the user without a key that the pods of the leaf mount: they would never start. */}}
{{- define "argo-events.refuseIncompleteUsers" }}
  {{- with .Values.eventBus.auth.existingSecret }}
    {{- $secret := lookup "v1" "Secret" $.Release.Namespace . }}
    {{- if and $secret (eq (include "argo-events.hasLeaf" $) "true") (not (hasKey (default dict $secret.data) "leaf.conf")) }}
    - eventBus.auth.existingSecret: Secret {{ . }} has no key leaf.conf: add it, with the account EVENTS of users.conf and no other
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseClusterOptions: options of a block that a standalone server does not have. */}}
{{- define "argo-events.refuseClusterOptions" }}
  {{- if and (eq .Values.eventBus.mode "managed") (le (include "argo-events.servers" . | int) 1) }}
    {{- range list "cluster" "leafnodes" }}
      {{- if get (default dict $.Values.bus.config) . }}
    - bus.config.{{ . }}: a standalone server has no {{ . }}, so the options have no effect: remove them, or use a profile with more servers
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}

{{/*
refuseDeletedHook (list name spec replicas): each pod that ends deletes the hook that all pods share (PostInactivate in start.go of the type).
Other pods create it again up to a minute later; those of GitHub only in their first ten minutes, those of Bitbucket never. Events until
then are lost.
*/}}
{{- define "argo-events.refuseDeletedHook" }}
  {{- $name := index . 0 }}
  {{- range $type, $events := pick (index . 1)
[[- range $type, $fact := (.OwnData "facts.yaml").eventSources ]][[ if get $fact "deletesHook" ]] "[[ $type ]]"[[ end ]][[ end ]] }}
    {{- range $event, $value := $events }}
      {{- if and $value.deleteHookOnFinish (gt (int (index $ 2)) 1) }}
    - eventSources.{{ $name }}.{{ $type }}.{{ $event }}.deleteHookOnFinish: all {{ index $ 2 }} pods share one hook, and each pod that ends in a drain or rollout deletes it, so that events are lost: remove it, and delete the hook yourself when you remove the event source
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseNodeFolder (list name spec replicas): a file event source with a standby on another node, which has another folder of the same path. */}}
{{- define "argo-events.refuseNodeFolder" }}
  {{- $name := index . 0 }}{{ $spec := index . 1 }}{{ $folders := list }}
  {{- range ($spec.template).volumes }}{{ if .hostPath }}{{ $folders = append $folders .name }}{{ end }}{{ end }}
  {{- range $i, $mount := (($spec.template).container).volumeMounts }}
    {{- if and $spec.file (has $mount.name $folders) (gt (int (index $ 2)) 1) }}
    - eventSources.{{ $name }}.template.volumes: {{ $mount.name }} is a folder of the node, and the standby on another node watches another one, so that files are missed after a failover: use a PersistentVolumeClaim with ReadWriteMany, or replicas 1
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseExposure: an Ingress or HTTPRoute to an event source that has no HTTP server or no Service for its port. */}}
{{- define "argo-events.refuseExposure" }}
  {{- range $kind, $all := dict "ingresses" .Values.ingresses "httpRoutes" .Values.httpRoutes }}
    {{- range $name, $value := $all }}
      {{- include "argo-events.refuseRoute" (list (printf "%s.%s" $kind $name) (get (default dict $.Values.eventSources) $name) $value) }}
    {{- end }}
  {{- end }}
{{- end }}

{{- define "argo-events.refuseRoute" }}
  {{- $key := index . 0 }}{{ $spec := index . 1 | default dict }}
  {{- $routes := include "argo-events.routes" (list $spec (index . 2).paths) | fromJsonArray }}
  {{- if not $spec }}
    - {{ $key }}: there is no event source of this name: use a name from eventSources
  {{- else if not $routes }}
    - {{ $key }}: the event source has no HTTP server: remove it
  {{- end }}
  {{- range $routes }}
    {{- if not .servicePort }}
    - {{ $key }}: the Service of the event source has no port for its HTTP port {{ .port }}: add it to the event source's service.ports, or leave service to the chart
    {{- end }}
  {{- end }}
{{- end }}

{{/*
refuseDecryption: a bus without the key of its disks, or with another one. With nats-server 2.15.2, a server of a cluster does not start, and a
standalone one starts without its streams.
*/}}
{{- define "argo-events.refuseDecryption" }}
  {{- $set := lookup "apps/v1" "StatefulSet" .Release.Namespace (include "argo-events.members" (list . "bus")) }}
  {{- $live := regexFind `"secretKeyRef":{"key":"key","name":"[^"]*"` (toJson $set) | trimPrefix `"secretKeyRef":{"key":"key","name":"` | trimSuffix `"` }}
  {{- $new := .Values.bus.encryption.existingSecret }}
  {{- if or (ne .Values.eventBus.mode "managed") (not $live) (eq $live $new) }}
  {{- else if not $new }}
    - bus.encryption.existingSecret: the disks of the bus are encrypted, and its servers do not start without the key: set it to {{ $live }}
  {{- else }}
    {{- $key := dig "data" "key" "" (lookup "v1" "Secret" .Release.Namespace $live) }}
    {{- if or (not $key) (ne $key (dig "data" "key" "" (lookup "v1" "Secret" .Release.Namespace $new))) }}
    - bus.encryption.existingSecret: Secret {{ $new }} does not have the key of the disks, which is in Secret {{ $live }}: copy the key, or keep {{ $live }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* refuseIssuer: a certificate of cert-manager that cannot be issued, or would replace a Secret of somebody else. */}}
{{- define "argo-events.refuseIssuer" }}
  {{- $tls := .Values.eventBus.tls }}
  {{- with $tls.certManager }}
  {{- if not .enabled }}
  {{- else if $tls.existingSecret }}
    - eventBus.tls.existingSecret: cert-manager would replace the content of this Secret: remove it, or disable eventBus.tls.certManager
  {{- else if not .issuerRef.name }}
    - eventBus.tls.certManager.issuerRef.name: a certificate needs an issuer: set its name, and its kind if it is a ClusterIssuer
  {{- else if ge (trimSuffix "h" .renewBefore | int) (trimSuffix "h" .duration | int) }}
    - eventBus.tls.certManager.renewBefore: {{ .renewBefore }} is not shorter than duration, {{ .duration }}, which cert-manager refuses: use a third of duration
  {{- end }}
  {{- end }}
{{- end }}

{{/*
refuseForeignCA: a running bus gets a certificate of a CA that its servers do not accept, or stops accepting that of its certificate. The rollout
would stop at its first pod, whose server cannot join the others.
*/}}
{{- define "argo-events.refuseForeignCA" }}
  {{- $ns := .Release.Namespace }}{{ $tls := .Values.eventBus.tls }}
  {{- $live := include "argo-events.liveTLS" (lookup "apps/v1" "StatefulSet" $ns (include "argo-events.members" (list . "bus"))) | fromYaml }}
  {{- $new := dict "certificate" (include "argo-events.tlsSecret" .) "trust" (include "argo-events.trustSecret" .) }}
  {{- if $live.certificate }}
    {{- $issuer := dict "name" $tls.certManager.issuerRef.name "kind" $tls.certManager.issuerRef.kind }}
    {{- $annotations := dig "metadata" "annotations" dict (lookup "v1" "Secret" $ns $live.certificate) }}
    {{- $issued := dict "name" (get $annotations "cert-manager.io/issuer-name") "kind" (get $annotations "cert-manager.io/issuer-kind") }}
    {{- /* Before cert-manager has issued the first certificate, its Secret has no issuer. */}}
    {{- $other := and (ne (toJson $issuer) (toJson $issued)) (or $issued.name (ne $live.certificate $new.certificate)) }}
    {{- $remedy := "add it to eventBus.tls.caSecret first, in an upgrade of its own (docs/guides/secrets.md)" }}
    {{- if and $tls.certManager.enabled $other }}
      {{- /* Nobody has the CA of this issuer yet: the user adds it to the Secret that all pods use. */}}
      {{- if not (and $tls.caSecret (eq $live.trust $tls.caSecret)) }}
    - eventBus.tls.certManager: the servers of this bus may not accept the CA of issuer {{ $issuer.name }}: {{ $remedy }}
      {{- end }}
    {{- else if ne (toJson $live) (toJson $new) }}
      {{- if include "argo-events.lacksCA" (list $ns $new.certificate $live.trust) }}
    - eventBus.tls: the running servers do not accept the CA of Secret {{ $new.certificate }}: {{ $remedy }}
      {{- end }}
      {{- if include "argo-events.lacksCA" (list $ns $live.certificate $new.trust) }}
    - eventBus.tls: Secret {{ $new.trust }} lacks the CA of the running servers, which is in Secret {{ $live.certificate }}: add it to ca.crt
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* lacksCA (list namespace a b): "true" if both Secrets exist, and a CA in ca.crt of a is not in that of b; otherwise empty. */}}
{{- define "argo-events.lacksCA" -}}
{{- $a := lookup "v1" "Secret" (index . 0) (index . 1) }}{{ $b := lookup "v1" "Secret" (index . 0) (index . 2) }}
{{- $accepted := dig "data" "ca.crt" "" $b | b64dec | nospace }}
{{- $lacks := false }}
{{- if and $a $b }}
{{- range regexFindAll "-----BEGINCERTIFICATE-----[^-]*-----END" (dig "data" "ca.crt" "" $a | b64dec | nospace) -1 }}{{ $lacks = or $lacks (not (contains . $accepted)) }}{{ end }}
{{- end }}
{{- if $lacks }}true{{ end }}
{{- end }}
