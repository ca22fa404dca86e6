{{- define "argo-events.bootstrap.sh" -}}
{{- $stream := .Values.eventBus.stream -}}
# Makes the stream and the sensors' buckets as the values say, whoever was first: Argo Events leaves what it finds, and
# gives a bucket that it makes itself one replica. Run again it changes nothing.
set -eu
replicas={{ include "argo-events.streamReplicas" . }}
NATS_USER=$(sed -n 's/^username: *//p' /etc/bus/auth.yaml)
NATS_PASSWORD=$(sed -n 's/^password: *//p' /etc/bus/auth.yaml)
export NATS_USER NATS_PASSWORD

has() { nats stream info "$1" --json >/dev/null 2>&1; }
up() { nats account info >/dev/null 2>&1; }
copies() { nats stream info "$1" --json | grep -o '"num_replicas": *[0-9]*' | grep -o '[0-9]*$'; }

event_stream() {
  limits="--max-age={{ $stream.maxAge }} --max-msgs={{ int64 $stream.maxMsgs }} --max-bytes={{ int64 $stream.maxBytes }} --dupe-window={{ $stream.duplicates }}"
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
    [ "$(copies "KV_$1")" = "$replicas" ] || nats stream edit "KV_$1" --force --replicas=$replicas
  else
    nats kv add "$1" --storage=file --history=1 --replicas=$replicas
  fi
}

# A bus that has just started refuses some requests for a moment, and a sensor may make its bucket in the same one.
persist() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -lt 30 ] || { echo "giving up: $*"; exit 1; }
    sleep 2
  done
}

until up; do
  echo "waiting for the bus at $NATS_URL"
  sleep 2
done
persist event_stream
{{- range $name, $_ := .Values.sensors }}
persist bucket {{ $name }}
{{- end }}
echo "the stream and {{ len .Values.sensors }} buckets have $replicas replicas"
{{- end }}
