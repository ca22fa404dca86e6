{{- define "argo-events.test.sh" -}}
{{- $name := printf "%s-test" (include "argo-events.fullname" .) -}}
{{- if ne .Values.eventBus.mode "kafka" -}}
{{ include "argo-events.client.sh" . }}

promised() {
  got=$(copies "$1")
  echo "stream $1: $got replicas, promised {{ include "argo-events.streamReplicas" . }}"
  [ "$got" = {{ include "argo-events.streamReplicas" . }} ]
}

for stream in default{{ range $sensor, $_ := .Values.sensors }} KV_{{ $sensor }}{{ end }}; do
  persist promised "$stream"
done
{{- end }}

# An event in by the webhook, an event out by the sensor's trigger, which calls back here.
id="$HOSTNAME-$(date +%s)"
(while :; do printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' | nc -l -p 8080 >>/tmp/answers; done) &
tries=0
until grep -qF "$id" /tmp/answers 2>/dev/null; do
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
