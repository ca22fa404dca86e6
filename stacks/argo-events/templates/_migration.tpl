{{/* A move of the managed bus between a lone server and a cluster: values.migration. */}}

{{/* ready: what a bus server's readiness asks. A lost quorum must not take the survivors out of the Service; in a move, a bus that lacks anything must not get into it. */}}
{{- define "argo-events.ready" -}}
{{- if (.Values.migration).from }}/healthz?account=EVENTS&stream={{ include "argo-events.gate" . }}{{ else }}/healthz?js-server-only=true{{ end }}
{{- end }}

{{/* gate: the stream that every server has when the move is done. */}}
{{- define "argo-events.gate" -}}
MOVED_{{ .Values.migration.id }}
{{- end }}

{{/* clientPort: where clients connect to a bus server; to one that is closed, nobody but the move does. */}}
{{- define "argo-events.clientPort" -}}
{{ if (.Values.migration).closed }}4223{{ else }}4222{{ end }}
{{- end }}

{{/* before (list root template): a template as it is for the bus before the move, closed to everybody but the move. */}}
{{- define "argo-events.before" -}}
{{- $root := index . 0 }}
{{- $values := deepCopy $root.Values }}
{{- $_ := set $values "profile" $values.migration.from }}
{{- $_ := set $values.bus "replicas" $values.migration.servers }}
{{- $_ := set $values "migration" (dict "closed" true) }}
{{- include (index . 1) (dict "Values" $values "Release" $root.Release "Chart" $root.Chart "Files" $root.Files "Capabilities" $root.Capabilities "Template" $root.Template) }}
{{- end }}

{{/* bus: the managed bus in a few words. */}}
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

{{/* busBefore: the same of the bus before the move. */}}
{{- define "argo-events.busBefore" -}}
{{- include "argo-events.before" (list . "argo-events.bus") }}
{{- end }}
