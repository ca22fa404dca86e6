{{- define "argo-events.test.sh" -}}
{{- $name := printf "%s-test" (include "argo-events.fullname" .) -}}
set -eu
{{- if ne .Values.eventBus.mode "kafka" }}
NATS_USER=$(sed -n 's/^username: *//p' /etc/bus/auth.yaml)
NATS_PASSWORD=$(sed -n 's/^password: *//p' /etc/bus/auth.yaml)
export NATS_USER NATS_PASSWORD
want={{ include "argo-events.streamReplicas" . }}
for stream in default{{ range $sensor, $_ := .Values.sensors }} KV_{{ $sensor }}{{ end }}; do
  got=$(nats stream info "$stream" --json | grep -o '"num_replicas": *[0-9]*' | grep -o '[0-9]*$')
  echo "stream $stream: $got replicas, promised $want"
  [ "$got" = "$want" ]
done
{{- end }}

# An event in by the webhook, an event out by the sensor's trigger, which calls back here.
id=test-$(date +%s)-$$
(while :; do printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' | nc -l -p 8080 >>/tmp/answers; done) &
tries=0
until grep -q "$id" /tmp/answers 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 60 ] || { echo "no event came back"; exit 1; }
  timeout 5 wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "{\"id\":\"$id\"}" http://{{ $name }}-eventsource-svc:12000/test || echo "the webhook does not answer yet"
  sleep 2
done
echo "event $id came back"
{{- if ne .Values.eventBus.mode "kafka" }}
nats kv del {{ $name }} --force >/dev/null || true
{{- end }}
{{- end }}
