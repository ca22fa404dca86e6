{{- define "argo-events.move.sh" -}}
# Copies every stream, with the positions of its consumers, from the old bus to the new one. The old bus accepts no events, and the Service of the
# new one has no endpoints until the gate exists, which is created last. The script can be interrupted at any point and run again.
gate={{ include "argo-events.gate" . }}
mark=MOVING_{{ .Values.migration.id }}
replicas={{ include "argo-events.streamReplicas" . }}
{{ include "argo-events.client.sh" . }}

# NATS_URL is the new bus.
old() { nats --server "$OLD_URL" "$@"; }
new() { nats "$@"; }

answers() { nats --server "$1" stream ls --names >/dev/null; }

# Deletes only streams of this migration: the new bus must be empty, or have its mark.
begin() {
  found=$(new stream ls --names) || return
  if echo "$found" | grep -qx "$gate"; then
    moved=yes
    return
  elif [ -z "$found" ]; then
    new kv add "$mark" --storage=file --history=1 --replicas="$replicas" || return
  elif ! echo "$found" | grep -qx "KV_$mark"; then
    echo "the new bus has streams that are not from this migration:" "$found"
    echo "If an earlier bus left them: helm rollback, delete the PVCs of the new bus, and start again with another migration.id"
    exit 1
  fi
  new kv put "$mark" owner "$me"
}

# A pod on a disconnected node may return after another pod has continued: it must not change anything.
mine() {
  [ "$(new kv get "$mark" owner --raw)" = "$me" ] || { echo "another pod runs the migration now"; exit 1; }
}

# state BUS STREAM: the state that must be equal on both sides. In a cluster's backup, a consumer is at its ack floor: later deliveries are
# repeated (stream_backup.go consumerStateFromInfo).
state() {
  info=$("$1" stream info "$2" --json) || return
  echo "$info" | grep -Eo '"(messages|first_seq|last_seq)": *[0-9]+'
  names=$("$1" consumer ls "$2" --names) || return
  for consumer in $(echo "$names" | sort); do
    info=$("$1" consumer info "$2" "$consumer" --json) || return
    echo "$consumer" && echo "$info" | grep -Eo '"(consumer_seq|stream_seq)": *[0-9]+' | tail -n 2
  done
}

same() {
  there=$(state old "$1") && here=$(state new "$1") && [ "$there" = "$here" ]
}

# Reports whether every copy of a stream is complete: the leader may fail at any time.
complete() {
  info=$(new stream info "$1" --json) || return
  [ "$(copies "$1")" = "$replicas" ] && [ "$(echo "$info" | grep -c '"current": *true')" = $((replicas - 1)) ] && ! echo "$info" | grep -q '"offline": *true'
}

# After a restore, the other servers receive the consumers a moment later.
arrived() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    ! { same "$1" && complete "$1"; } || return 0
    sleep 2
  done
  echo "$1 differs or is incomplete on the new bus:" "$here"
  echo "on the old bus:" "$there"
  return 1
}

leader() { new stream info "$1" --json | grep -o '"leader": *"[^"]*"' | head -n 1; }

# The mark has a key for each restored stream: a hash, because names of streams may contain characters that keys may not.
key() { echo "$1" | md5sum | cut -c 1-32; }
restored() { new kv get "$mark" "$(key "$1")" --raw 2>/dev/null; }

move() {
  if restored "$1" >/dev/null && same "$1"; then
    arrived "$1"
    return
  fi
  # The rest of an interrupted attempt.
  if has "$1"; then
    mine
    new stream rm "$1" --force || return
  fi
  rm -rf /backup/stream
  old stream backup "$1" /backup/stream --no-progress || return
  new stream restore /backup/stream --no-progress --replicas="$replicas" || return
  rm -rf /backup/stream
  new kv put "$mark" "$(key "$1")" "$(leader "$1")" || return
  arrived "$1"
}

# The server that restored a stream lacks the ids of its messages, the followers have them: another server must lead.
handed() {
  now=$(leader "$1") && by=$(restored "$1") || return
  [ -n "$now" ] || return
  [ "$now" = "$by" ] || return 0
  new stream cluster step-down "$1"
  return 1
}

for server in $(echo "$OLD_URL" | tr ',' ' '); do
  echo "waiting for $server: the old bus is closed when all of its servers respond on this port"
  persist answers "$server"
done
moved=no
me=$POD_NAME-$(date +%s)-$$
persist begin
if [ $moved = no ]; then
  all=$(old stream ls --names)
  streams=$(echo "$all" | grep -Ev '^(MOVED_|KV_MOVING_)' || true)
  for stream in $streams; do
    persist move "$stream"
    echo "copied: $stream"
  done
  # Compare all again: a server may have failed in between.
  for stream in $streams; do
    arrived "$stream"
    [ "$replicas" = 1 ] || persist handed "$stream"
  done
fi

{{ include "argo-events.streams.sh" . }}
{{- $domain := include "argo-events.serverDomain" . }}
{{- with $domain }}
# A placement tag permits several copies in one {{ . }} (jetstream_cluster.go selectPeerGroup); every server matches this one.
{{- end }}
gate() { has "$gate" || new stream add "$gate" --defaults --subjects=holdfast.moved --storage=file --max-msgs=1 --replicas={{ include "argo-events.servers" . }}{{ with $domain }} --tag='!{{ . }}'{{ end }}; }
[ $moved = yes ] || mine
persist gate
echo "done: the new bus has all data and accepts clients"
{{- end }}
