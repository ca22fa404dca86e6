{{/* The migration of the managed bus between a standalone server and a cluster: values.migration. */}}

{{/*
readiness: the query of a bus server's readiness probe, for health.sh. In a migration, new servers must not be in the Service before
they have all data.
*/}}
{{- define "argo-events.readiness" -}}
{{- if (.Values.migration).from }}account=EVENTS&stream={{ include "argo-events.gate" . }}{{ else }}js-enabled-only=true{{ end }}
{{- end }}

{{/* gate: the stream that exists on every new server when the migration is complete. */}}
{{- define "argo-events.gate" -}}
MOVED_{{ .Values.migration.id }}
{{- end }}

{{/* clientPort: the client port of a bus server. The old bus of a migration listens on another port, which only the migration uses. */}}
{{- define "argo-events.clientPort" -}}
{{ if (.Values.migration).closed }}4223{{ else }}4222{{ end }}
{{- end }}

{{/* renderOldBus (list root template): renders a template for the old bus of a migration, closed to other clients. */}}
{{- define "argo-events.renderOldBus" -}}
{{- $root := index . 0 }}
{{- $values := deepCopy $root.Values }}
{{- $_ := set $values "profile" $values.migration.from }}
{{- $_ := set $values.bus "replicas" $values.migration.servers }}
{{- $_ := set $values "migration" (dict "closed" true) }}
{{- include (index . 1) (dict "Values" $values "Release" $root.Release "Chart" $root.Chart "Files" $root.Files "Capabilities" $root.Capabilities "Template" $root.Template) }}
{{- end }}

{{/* bus: a summary of the managed bus, as YAML. */}}
{{- define "argo-events.bus" -}}
{{- $c := include "argo-events.component" (list . "bus") | fromYaml -}}
name: {{ include "argo-events.members" (list . "bus") }}
servers: {{ int $c.replicas }}
budget: {{ and (gt (int $c.replicas) 1) (not (empty $c.podDisruptionBudget)) }}
{{- $urls := list }}
{{- range until (int $c.replicas) }}
{{- $urls = append $urls (printf "nats://%[1]s-%[2]d.%[1]s-headless:%[3]s" (include "argo-events.members" (list $ "bus")) . (include "argo-events.clientPort" $)) }}
{{- end }}
urls: {{ join "," $urls }}
storage:
  {{- toYaml $c.storage | nindent 2 }}
labels:
  {{- include "argo-events.selectorLabels" (list . "bus") | nindent 2 }}
{{- end }}

{{/* oldBus: the same for the old bus of a migration. */}}
{{- define "argo-events.oldBus" -}}
{{- include "argo-events.renderOldBus" (list . "argo-events.bus") }}
{{- end }}
