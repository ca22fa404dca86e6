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
