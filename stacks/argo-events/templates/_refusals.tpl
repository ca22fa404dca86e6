{{/* What cannot work, or would be dropped without a word, by Argo Events or NATS. One refusal a definition. */}}
{{- define "argo-events.ownRefusals" }}
{{- include "argo-events.refuseStream" . }}
{{- include "argo-events.refuseBus" . }}
{{- include "argo-events.refuseMove" . }}
{{- if eq .Values.eventBus.mode "managed" }}
{{- include "argo-events.refuseSwitch" . }}
{{- end }}
{{- if and .Values.admissionPolicy.enabled (semverCompare "<1.36-0" .Capabilities.KubeVersion.Version) }}
- admissionPolicy.enabled: Kubernetes {{ .Capabilities.KubeVersion.Version }} has no MutatingAdmissionPolicy in v1, which came with 1.36: leave it off, and let callers try again
{{- end }}
{{- $voting := include "argo-events.component" (list . "activePassiveSource") | fromYaml }}
{{- range $name, $spec := .Values.eventSources }}
{{- include "argo-events.refuseSource" (list $name $spec) }}
{{- if eq (include "argo-events.strategy" $spec) "active-passive" }}
{{- include "argo-events.refuseTwoVotes" (list (printf "eventSources.%s" $name) $spec $voting.election.by) }}
{{- end }}
{{- end }}
{{- $voting = include "argo-events.component" (list . "sensor") | fromYaml }}
{{- range $name, $spec := .Values.sensors }}
{{- include "argo-events.refuseSensor" (list $ $name $spec) }}
{{- include "argo-events.refuseTwoVotes" (list (printf "sensors.%s" $name) $spec $voting.election.by) }}
{{- end }}
{{- end }}

{{- define "argo-events.refuseTwoVotes" }}
{{- if and (eq (index . 2) "nats") (eq (int (index . 1).replicas) 2) }}
- {{ index . 0 }}.replicas: an election by votes among 2 needs both, so the standby never takes over: use 3, or election.by leases
{{- end }}
{{- end }}

{{- define "argo-events.refuseStream" }}
{{- $duration := "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" }}
{{- range $key := list "maxAge" "duplicates" }}
{{- $value := toString (get $.Values.eventBus.stream $key) }}
{{- if not (regexMatch $duration $value) }}
- eventBus.stream.{{ $key }}: {{ $value | quote }} is no Go duration, and Argo Events would read it as no limit or as nanoseconds: write hours, minutes or seconds, 168h for a week
{{- end }}
{{- end }}
{{- range $key := list "maxMsgs" "maxBytes" }}
{{- $value := get $.Values.eventBus.stream $key }}
{{- if kindIs "string" $value }}
- eventBus.stream.{{ $key }}: {{ $value | quote }} is no whole number, and Argo Events would read it as no limit: write it out, 1073741824 for 1 GiB
{{- end }}
{{- end }}
{{- if not (regexMatch "^[1-9][0-9]*([kKmM][bB])?$" .Values.eventBus.maxPayload) }}
- eventBus.maxPayload: {{ .Values.eventBus.maxPayload | quote }} is no size in NATS' words: write 1MB or 512KB
{{- end }}
{{- $servers := include "argo-events.servers" . | int }}
{{- $replicas := include "argo-events.streamReplicas" . | int }}
{{- if and (ne .Values.eventBus.mode "kafka") (gt $replicas $servers) }}
- eventBus.stream.replicas: {{ $replicas }} copies need {{ $replicas }} servers, the bus has {{ $servers }}: use {{ min 3 $servers }}, or a profile with more
{{- else if and (ne .Values.eventBus.mode "kafka") (not (has $replicas (list 1 3 5))) }}
- eventBus.stream.replicas: {{ $replicas }} copies vote, and an even number survives no more failures than one less: use 1, 3 or 5
{{- end }}
{{- $profile := (.Files.Get (printf "profiles/%s.yaml" .Values.profile) | fromYaml).profile }}
{{- if and (ne .Values.eventBus.mode "kafka") (eq $replicas 1) $profile.survives }}
- eventBus.stream.replicas: the only copy is lost with its {{ first $profile.survives }}, which profile {{ .Values.profile }} promises to survive: use 3
{{- end }}
{{- if and (has "zone" $profile.survives) (gt $replicas (int $profile.needs.zones)) (ne .Values.eventBus.mode "kafka") }}
- eventBus.stream.replicas: each copy needs a zone of its own, and profile {{ .Values.profile }} counts on {{ $profile.needs.zones }}: use {{ $profile.needs.zones }}
{{- end }}
{{- end }}

{{- define "argo-events.refuseBus" }}
{{- $profile := (.Files.Get (printf "profiles/%s.yaml" .Values.profile) | fromYaml).profile }}
{{- with .Values.eventBus }}
{{- if and (eq .mode "managed") (gt (include "argo-events.servers" $ | int) 3) (has "zone" ($profile.survives | default list)) (semverCompare "<1.35.0-0" $.Capabilities.KubeVersion.Version) }}
- bus.replicas: with more servers than zones each must know its zone, and a pod is told it from Kubernetes 1.35 on (this is {{ $.Capabilities.KubeVersion.Version }}): use 3
{{- end }}
{{- if and (eq .mode "kafka") (not .kafka.url) }}
- eventBus.kafka.url: must be set in mode kafka: broker addresses, host:port, separated by commas
{{- end }}
{{- if and (ne .mode "kafka") .kafka }}
- eventBus.kafka: is only used in mode kafka: set eventBus.mode, or leave it out
{{- end }}
{{- end }}
{{- if eq .Values.eventBus.mode "native" }}
{{- $c := include "argo-events.component" (list . "nativeBus") | fromYaml }}
{{- range $c.antiAffinity }}
{{- if and (gt (int .hardUpTo) 0) (gt (int $c.replicas) (int .hardUpTo)) }}
- nativeBus.replicas: the controller's servers can be kept apart but not spread, and there is room for one per {{ .topologyKey | splitList "/" | last }}: use {{ .hardUpTo }}, or eventBus.mode managed
{{- end }}
{{- end }}
{{- $versions := list }}
{{- range .Values.nativeBus.versions }}{{ $versions = append $versions .version }}{{ end }}
{{- if not (has .Values.nativeBus.version $versions) }}
- nativeBus.version: {{ .Values.nativeBus.version | quote }} is none of those that the controller knows ({{ join ", " $versions }}): use one, or add it to nativeBus.versions
{{- end }}
{{- end }}
{{- end }}

{{- define "argo-events.refuseSource" }}
{{- $name := index . 0 }}
{{- $active := list }}{{ $passive := list }}{{ $events := list }}
{{- range $type, $value := omit (index . 1) "eventBusName" "replicas" "service" "template" }}
{{- if eq (include "argo-events.strategy" (dict $type $value)) "active-passive" }}
{{- $passive = append $passive $type }}
{{- else }}
{{- $active = append $active $type }}
{{- end }}
{{- range $event, $_ := $value }}
{{- if not (regexMatch "^[A-Za-z0-9_-]+$" $event) }}
- eventSources.{{ $name }}.{{ $type }}.{{ $event | quote }}: is no word of a subject, so the bus would take none of its events: use letters, digits, - and _
{{- end }}
{{- if has $event $events }}
- eventSources.{{ $name }}.{{ $type }}.{{ $event }}: another type of the same event source has an event of that name, and the controller accepts neither: rename one
{{- end }}
{{- $events = append $events $event }}
{{- end }}
{{- end }}
{{- if and $active $passive }}
- eventSources.{{ $name }}: all replicas of {{ join ", " $active }} work but only one of {{ join ", " $passive }}, so they cannot share pods: make two event sources
{{- end }}
{{- if not (or $active $passive) }}
- eventSources.{{ $name }}: has no source: add one, for example webhook
{{- end }}
{{- $ports := dict }}
{{- range $type := $active }}
{{- range include "argo-events.httpPorts" (pick (index $ 1) $type) | fromJsonArray }}
{{- if hasKey $ports . }}
- eventSources.{{ $name }}.{{ $type }}: port {{ . }} is {{ get $ports . }}'s, and only one of two types would get to listen: give each type a port of its own
{{- end }}
{{- $_ := set $ports . $type }}
{{- end }}
{{- end }}
{{- range $type := $active }}
{{- range $event, $value := index (index $ 1) $type }}
{{- if and (eq (include "argo-events.listens" $type) "true") (not (include "argo-events.httpPorts" (dict $type (dict "event" $value)) | fromJsonArray)) }}
- eventSources.{{ $name }}.{{ $type }}.{{ $event }}: has no port to listen on: write one in quotes, "12000"
{{- end }}
{{- end }}
{{- end }}
{{- range $event, $webhook := (index . 1).webhook }}
{{- if not (has $webhook.method (list "GET" "POST")) }}
- eventSources.{{ $name }}.webhook.{{ $event }}.method: every request would be answered with 400, for none has the method {{ toString (default "" $webhook.method) | quote }}: write POST or GET, the source serves no others
{{- end }}
{{- end }}
{{- range include "argo-events.httpPorts" (index . 1) | fromJsonArray }}
{{- if or (not (regexMatch "^[1-9][0-9]{0,4}$" .)) (gt (int .) 65535) }}
- eventSources.{{ $name }}: {{ . | quote }} is no port: write a number in quotes, "12000"
{{- end }}
{{- end }}
{{- end }}

{{- define "argo-events.refuseSensor" }}
{{- $root := index . 0 }}{{ $name := index . 1 }}
{{- range $i, $dependency := (index . 2).dependencies }}
{{- $source := get $root.Values.eventSources (toString $dependency.eventSourceName) }}
{{- if $source }}
{{- $events := list }}
{{- range omit $source "eventBusName" "replicas" "service" "template" }}{{ $events = concat $events (keys .) }}{{ end }}
{{- if not (has $dependency.eventName $events) }}
- sensors.{{ $name }}.dependencies[{{ $i }}].eventName: event source {{ $dependency.eventSourceName }} has no event {{ toString (default "" $dependency.eventName) | quote }}, so the sensor would wait for ever: it has {{ $events | uniq | sortAlpha | join ", " }}
{{- end }}
{{- end }}
{{- end }}
{{- range $i, $trigger := (index . 2).triggers }}
{{- include "argo-events.refuseTrigger" (list $root (printf "sensors.%s.triggers[%d]" $name $i) $trigger) }}
{{- end }}
{{- end }}

{{- define "argo-events.refuseTrigger" }}
{{- $root := index . 0 }}{{ $path := index . 1 }}{{ $trigger := index . 2 }}
{{- $default := $root.Values.sensor.atLeastOnce }}
{{- if not (dig "template" "name" "" $trigger) }}
- {{ $path }}.template.name: must be set: the controller refuses the sensor
{{- end }}
{{- $atLeastOnce := dig "atLeastOnce" $default $trigger }}
{{- if and $trigger.retryStrategy (not $atLeastOnce) }}
- {{ $path }}.retryStrategy: a trigger that is acknowledged before it has run is never tried again: set atLeastOnce true, or leave the strategy out
{{- end }}
{{- with $trigger.dlqTrigger }}
{{- if not (and $atLeastOnce (dig "atLeastOnce" $default .)) }}
- {{ $path }}.dlqTrigger: a dead letter is for triggers that are acknowledged when they have run: set atLeastOnce true on both, or leave it out of both
{{- end }}
{{- include "argo-events.refuseTrigger" (list $root (printf "%s.dlqTrigger" $path) .) }}
{{- end }}
{{- end }}

{{- define "argo-events.refuseMove" }}
{{- with .Values.migration }}
{{- if and .from (ne $.Values.eventBus.mode "managed") }}
- migration.from: only the bus of mode managed is the chart's to move, and this is {{ $.Values.eventBus.mode }}: leave it out
{{- else if and .from (not .id) }}
- migration.id: a move needs a name that no earlier one had, or an old one could be taken for it: use the date
{{- else if and .from (eq (include "argo-events.members" (list $ "bus")) (include "argo-events.busBefore" $ | fromYaml).name) }}
- migration.from: from {{ .from }} to {{ $.Values.profile }} the servers keep their disks: leave it out
{{- end }}
{{- end }}
{{- end }}

{{/* refuseSwitch: what would leave events behind. Only an install or upgrade that sees the cluster can be stopped. */}}
{{- define "argo-events.refuseSwitch" }}
{{- $members := include "argo-events.members" (list . "bus") }}
{{- $lone := printf "%s-bus-standalone" (include "argo-events.fullname" .) }}
{{- $other := ternary (trimSuffix "-standalone" $lone) $lone (eq $members $lone) }}
{{- $new := lookup "apps/v1" "StatefulSet" .Release.Namespace $members }}
{{- $old := lookup "apps/v1" "StatefulSet" .Release.Namespace $other }}
{{- /* In a move one of the two asks for the gate, and is ready when it is there. */}}
{{- $newWaits := contains "stream=MOVED_" (toJson $new) }}{{ $newOpen := gt (dig "status" "readyReplicas" 0 $new | int) 0 }}
{{- $oldWaits := contains "stream=MOVED_" (toJson $old) }}{{ $oldOpen := gt (dig "status" "readyReplicas" 0 $old | int) 0 }}
{{- if (.Values.migration).from }}
{{- include "argo-events.refuseBegin" (list . $new $old) }}
{{- else if and $old (not $new) }}
- profile: the bus of this release is StatefulSet {{ $other }}, and {{ .Values.profile }} keeps its events in {{ $members }}: nothing would be moved, and sensors would find an empty bus.
  Add --set migration.from=<the profile it has now> --set migration.id=<the date>, see README.md, "Change the profile"
{{- else if and $newWaits (not $newOpen) }}
- migration: the move is not done, {{ $members }} does not have everything: wait for its Job, or go back with helm rollback or the old profile
{{- else if and $oldWaits $oldOpen }}
- profile: the move is done, and {{ $other }} has taken events since: to go back is a move of its own, with another migration.id
{{- end }}
{{- end }}

{{- define "argo-events.refuseBegin" }}
{{- $root := index . 0 }}{{ $new := index . 1 }}{{ $old := index . 2 }}
{{- $bus := include "argo-events.bus" $root | fromYaml }}
{{- $before := include "argo-events.busBefore" $root | fromYaml }}
{{- if and $new (not (contains (printf "stream=%s\"" (include "argo-events.gate" $root)) (toJson $new))) }}
- migration.id: StatefulSet {{ $bus.name }} is there already, and not by the move {{ $root.Values.migration.id }}: finish what it is for, or leave migration out
{{- else if and $new (ne (dig "spec" "replicas" 0 $new | int) (int $bus.servers)) }}
- bus.replicas: the move {{ $root.Values.migration.id }} goes to {{ dig "spec" "replicas" 0 $new }} servers: make them {{ $bus.servers }} when it is over
{{- end }}
{{- with dig "spec" "replicas" "" $old | toString }}
{{- if ne . (toString $before.servers) }}
- migration.servers: the bus has {{ . }} servers, and {{ $before.servers }} would be kept: use {{ . }}
{{- end }}
{{- end }}
{{- if not $new }}
{{- range until (int $bus.servers) }}
{{- $claim := printf "data-%s-%d" $bus.name . }}
{{- if lookup "v1" "PersistentVolumeClaim" $root.Release.Namespace $claim }}
- migration: the claim {{ $claim }} is left from an earlier life of the bus, whose events are older than those to be moved: delete it, or keep its profile
{{- end }}
{{- end }}
{{- end }}
{{- end }}
