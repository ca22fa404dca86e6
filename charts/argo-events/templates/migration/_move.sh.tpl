{{- define "argo-events.move.sh" -}}
# Moves every stream, with the positions of its consumers, from the old bus to the new one. The old one takes no events any more and the new one is
# found by nobody until the gate is there, which is the last thing made here. Ended anywhere and begun again it comes to the same end.
gate={{ include "argo-events.gate" . }}
mark=MOVING_{{ .Values.migration.id }}
replicas={{ include "argo-events.streamReplicas" . }}
{{ include "argo-events.client.sh" . }}

# NATS_URL is the new bus.
old() { nats --server "$OLD_URL" "$@"; }
new() { nats "$@"; }

answers() { nats --server "$1" stream ls --names >/dev/null; }

# Nothing of somebody else's is ever deleted: the new bus is empty, or what is on it came with this move.
begin() {
  found=$(new stream ls --names) || return
  if echo "$found" | grep -qx "$gate"; then
    moved=yes
    return
  elif [ -z "$found" ]; then
    new kv add "$mark" --storage=file --history=1 --replicas="$replicas" || return
  elif ! echo "$found" | grep -qx "KV_$mark"; then
    echo "the new bus has streams that did not come with this move:" "$found"
    echo "If they are left over from an earlier life: helm rollback, delete the claims of the new bus, and begin again with another migration.id"
    exit 1
  fi
  new kv put "$mark" owner "$me"
}

# A pod on a node that was cut off may come back when another one has gone on in its place: it must not touch anything.
mine() {
  [ "$(new kv get "$mark" owner --raw)" = "$me" ] || { echo "another pod moves the streams now"; exit 1; }
}

# state BUS STREAM: all that has to be the same on both sides. A cluster's backup has a consumer at its ack floor: what it delivered beyond is
# delivered once more (stream_backup.go consumerStateFromInfo).
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

# Every copy of a stream has all of it: the first of them may be gone in a moment.
complete() {
  info=$(new stream info "$1" --json) || return
  [ "$(copies "$1")" = "$replicas" ] && [ "$(echo "$info" | grep -c '"current": *true')" = $((replicas - 1)) ] && ! echo "$info" | grep -q '"offline": *true'
}

# A server that has restored a stream tells the others of its consumers a moment later.
arrived() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    ! { same "$1" && complete "$1"; } || return 0
    sleep 2
  done
  echo "$1 is not the same, or not complete, on the new bus:" "$here"
  echo "on the old one it is:" "$there"
  return 1
}

leader() { new stream info "$1" --json | grep -o '"leader": *"[^"]*"' | head -n 1; }

# The mark has a key for each stream that was restored: its name may have what a key may not.
key() { echo "$1" | md5sum | cut -c 1-32; }
restored() { new kv get "$mark" "$(key "$1")" --raw 2>/dev/null; }

move() {
  if restored "$1" >/dev/null && same "$1"; then
    arrived "$1"
    return
  fi
  # What is left of an attempt that was ended.
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

# The server that restored a stream does not know the ids of its messages, its followers do.
handed() {
  now=$(leader "$1") && by=$(restored "$1") || return
  [ -n "$now" ] || return
  [ "$now" = "$by" ] || return 0
  new stream cluster step-down "$1"
  return 1
}

for server in $(echo "$OLD_URL" | tr ',' ' '); do
  echo "waiting for $server: the old bus is closed when all of its servers answer here"
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
    echo "moved: $stream"
  done
  # All of them once more: a server may have gone in between.
  for stream in $streams; do
    arrived "$stream"
    [ "$replicas" = 1 ] || persist handed "$stream"
  done
fi

{{ include "argo-events.streams.sh" . }}
{{- $domain := include "argo-events.serverDomain" . }}
{{- with $domain }}
# One that asks for a tag of the {{ . }} may have several copies in it (jetstream_cluster.go selectPeerGroup); this is one that no server has.
{{- end }}
gate() { has "$gate" || new stream add "$gate" --defaults --subjects=holdfast.moved --storage=file --max-msgs=1 --replicas={{ include "argo-events.servers" . }}{{ with $domain }} --tag='!{{ . }}'{{ end }}; }
[ $moved = yes ] || mine
persist gate
echo "done: the new bus has everything and is open"
{{- end }}
