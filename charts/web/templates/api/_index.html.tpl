{{- define "web.api/index.html" -}}
{{- $c := include "web.component" (list . "api") | fromYaml -}}
{{ include "web.fullname" . }} is up.
{{- end }}
