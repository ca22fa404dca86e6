{{- define "argo-events.controller/controller-config.yaml" -}}
{{- $c := include "argo-events.component" (list . "controller") | fromYaml -}}
eventBus:
  # The controller refuses to start without a version of the retired NATS Streaming bus; this chart never uses it.
  nats:
    versions:
      - version: 0.22.1
        natsStreamingImage: nats-streaming:0.22.1
        metricsExporterImage: natsio/prometheus-nats-exporter:0.8.0
  jetstream:
    settings: ""
    streamConfig: ""
    versions:
        {{- toYaml .Values.nativeBus.versions | nindent 8 }}
{{- end }}
