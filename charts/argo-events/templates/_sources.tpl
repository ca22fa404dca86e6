{{/* What Argo Events v1.9.11 knows of each type of event source; compared with its code in e2e/facts. */}}

{{/* strategy (spec): active-active or active-passive. */}}
{{- define "argo-events.strategy" -}}
{{- $strategy := "active-active" }}
{{- range list "amqp" "azureEventsHub" "azureServiceBus" "calendar" "emitter" "file" "generic" "hdfs" "kafka" "minio" "mqtt" "nats" "nsq" "pubSub" "pulsar" "redis" "redisStream" "resource" "sftp" }}
{{- if hasKey $ . }}{{ $strategy = "active-passive" }}{{ end }}
{{- end }}
{{- $strategy }}
{{- end }}

{{/* listens (type): "true" for the types whose events have an HTTP port. */}}
{{- define "argo-events.listens" -}}
{{- has . (list "bitbucket" "bitbucketserver" "gerrit" "github" "gitlab" "slack" "sns" "storageGrid" "stripe" "webhook") }}
{{- end }}

{{/* httpPorts (spec): the ports that its events listen on, as a list of numbers. */}}
{{- define "argo-events.httpPorts" -}}
{{- $ports := list }}
{{- range $event := .webhook }}
{{- $ports = append $ports $event.port }}
{{- end }}
{{- range $type := list "bitbucket" "bitbucketserver" "gerrit" "github" "gitlab" "slack" "sns" "storageGrid" "stripe" }}
{{- range $event := index $ $type }}
{{- $ports = append $ports (dig "webhook" "port" "" $event) }}
{{- end }}
{{- end }}
{{- $ports | compact | uniq | sortAlpha | toJson }}
{{- end }}
