{{- define "argo-events.bootstrap.sh" -}}
# Creates the stream and the buckets of the sensors, or changes them to the values. Argo Events does not change existing ones,
# and creates its buckets with one replica. A second run changes nothing.
replicas=$REPLICAS
{{ include "argo-events.client.sh" . }}

{{ include "argo-events.streams.sh" . }}
echo "the stream and {{ len (include "argo-events.buckets" . | fromYamlArray) }} buckets have $replicas replicas"
{{- end }}

{{/* streams.sh: the part that a migration also runs. */}}
{{- define "argo-events.streams.sh" -}}
{{- $stream := .Values.eventBus.stream -}}
event_stream() {
  limits="--max-age={{ $stream.maxAge }} --max-msgs={{ int64 $stream.maxMsgs }} --max-bytes={{ include "argo-events.streamBytesFlag" . }} --dupe-window={{ $stream.duplicates }}"
  if has default; then
    # shellcheck disable=SC2086 # a list of flags
    nats stream edit default --force --replicas=$replicas $limits
  else
    # shellcheck disable=SC2086
    nats stream add default --defaults --subjects='default.*.*' --storage=file --retention=limits --discard=old --replicas=$replicas $limits
  fi
}

bucket() {
  if has "KV_$1"; then
    [ "$(copies "KV_$1")" = "$replicas" ] || nats kv edit "$1" --replicas=$replicas
  else
    nats kv add "$1" --storage=file --history=1 --replicas=$replicas
  fi
}

persist event_stream
{{- range include "argo-events.buckets" . | fromYamlArray }}
persist bucket {{ . }}
{{- end }}
{{- end }}
