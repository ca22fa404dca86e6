{{/* Properties of each type of event source in Argo Events [[ (.OwnData "facts.yaml").argoEvents ]], verified against its code by e2e/facts. */}}

{{/* strategy (spec): active-active or active-passive. */}}
{{- define "argo-events.strategy" -}}
{{- $strategy := "active-active" }}
{{- range list
[[- range $type, $fact := (.OwnData "facts.yaml").eventSources ]][[ if eq $fact.strategy "active-passive" ]] "[[ $type ]]"[[ end ]][[ end ]] }}
{{- if hasKey $ . }}{{ $strategy = "active-passive" }}{{ end }}
{{- end }}
{{- $strategy }}
{{- end }}

{{/* httpPorts (spec): the ports of its HTTP servers, as a list. */}}
{{- define "argo-events.httpPorts" -}}
{{- $ports := list }}
{{- range $event := .webhook }}
{{- $ports = append $ports $event.port }}
{{- end }}
{{- range $type := list
[[- range $type, $fact := (.OwnData "facts.yaml").eventSources ]][[ if eq (get $fact "port") "webhook.port" ]] "[[ $type ]]"[[ end ]][[ end ]] }}
{{- range $event := index $ $type }}
{{- $ports = append $ports (dig "webhook" "port" "" $event) }}
{{- end }}
{{- end }}
{{- $ports | compact | uniq | sortAlpha | toJson }}
{{- end }}

{{/*
routes (list spec paths): the paths of the HTTP servers of an event source, as a JSON list with pathType, port and the port of the Service.
Without paths they are the endpoints of its events. In a path of the user's, port is the HTTP port; by default the first.
*/}}
{{- define "argo-events.routes" -}}
{{- $spec := index . 0 }}{{ $paths := index . 1 }}{{ $routes := list }}
{{- $ports := include "argo-events.httpPorts" $spec | fromJsonArray }}
{{- if not $paths }}{{ $paths = include "argo-events.endpoints" $spec | fromJsonArray }}{{ end }}
{{- range ternary $paths list (not (empty $ports)) }}
{{- $port := default (first $ports) .port | toString }}
{{- $routes = append $routes (dict "path" .path "pathType" (default "Exact" .pathType) "port" $port "servicePort" (include "argo-events.servicePort" (list $spec $port))) }}
{{- end }}
{{- $routes | toJson }}
{{- end }}

{{/* endpoints (spec): the path and port of each event with an HTTP port, as a JSON list. */}}
{{- define "argo-events.endpoints" -}}
{{- $endpoints := list }}
{{- range $event := .webhook }}
{{- $endpoints = append $endpoints (dict "path" $event.endpoint "port" $event.port) }}
{{- end }}
{{- range $type := list
[[- range $type, $fact := (.OwnData "facts.yaml").eventSources ]][[ if eq (get $fact "port") "webhook.port" ]] "[[ $type ]]"[[ end ]][[ end ]] }}
{{- range $event := index $ $type }}
{{- with $event.webhook }}{{ $endpoints = append $endpoints (dict "path" .endpoint "port" .port) }}{{ end }}
{{- end }}
{{- end }}
{{- $endpoints | uniq | toJson }}
{{- end }}

{{/* servicePort (list spec port): the port of the event source's Service for an HTTP port; empty if it has none. */}}
{{- define "argo-events.servicePort" -}}
{{- $port := index . 1 }}{{ $found := "" }}
{{- range ((index . 0).service).ports | default (list (dict "port" $port)) }}
{{- if eq (toString (default .port .targetPort)) $port }}{{ $found = toString .port }}{{ end }}
{{- end }}
{{- $found }}
{{- end }}
