{{- define "argo-events.resize.sh" -}}
# Takes servers out of the cluster one after the other, the last one first, each when all streams are complete without it. The StatefulSet would stop
# all of them at once, and they would count in every vote for ever.
{{- $set := include "argo-events.members" (list . "bus") }}
set={{ $set }}
servers={{ include "argo-events.servers" . }}
all={{ include "argo-events.liveServers" . }}
{{ include "argo-events.client.sh" . }}
sys=$(sed -n 's/.*user: sys, password: "\([^"]*\)".*/\1/p' /etc/bus-users/users.conf)
[ -n "$sys" ] || { echo "the Secret of the bus has no user sys in users.conf: take the servers out yourself, see README.md, and upgrade with --no-hooks"; exit 1; }

system() { nats --user sys --password "$sys" "$@"; }

meta() { system request '$SYS.REQ.SERVER.PING.JSZ' '{"leader_only":true}' --raw; }

# Copies are kept apart by these, and that has to go on: three servers in two zones hold no stream of three.
places() {
  found=$(system request '$SYS.REQ.SERVER.PING' '' --replies="$all" --raw) || return
  i=0
  tags=
  while [ $i -lt "$servers" ]; do
    tag=$(echo "$found" | grep -o "\"name\":\"$set-$i\".*" | grep -o '"tags":\["[^"]*"' | head -n 1)
    [ -n "$tag" ] || return
    tags="$tags
$tag"
    i=$((i + 1))
  done
  [ "$(echo "$tags" | sort -u | grep -c tags)" = "$servers" ] || {
    echo "the servers that would stay share a place, so copies would, too: keep $all$tags"
    exit 1
  }
}

# No stream lacks a copy. One that has more than there will be servers is made smaller first.
complete() {
  names=$(nats stream ls --names) || return
  for stream in $names; do
    info=$(nats stream info "$stream" --json) || return
    want=$(copies "$stream")
    if [ "$want" -gt "$servers" ]; then
      nats stream edit "$stream" --force --replicas="$servers"
      return 1
    fi
    [ "$(echo "$info" | grep -c '"current": *true')" = $((want - 1)) ] && ! echo "$info" | grep -q '"offline": *true' || return
  done
}

# A server gives its copies away before it goes: of a stream that has no other one, nothing but the name would be left.
evacuated() {
  system request '$JS.API.SERVER.EVACUATE' "{\"peer\":\"$1\"}" --raw | grep -q '"success": *true' || return
  names=$(nats stream ls --names) || return
  for stream in $names; do
    info=$(nats stream info "$stream" --json) || return
    ! echo "$info" | grep -Eq "\"(leader|name)\": *\"$1\"" || return
  done
  complete
}

gone() {
  now=$(meta) || return
  case $now in
    *"\"leader\":\"$1\""*) system server cluster step-down --force ;;
    *"\"name\":\"$1\""*) evacuated "$1" && system server cluster peer-remove "$1" --force ;;
    *meta_cluster*) return 0 ;;
  esac
  return 1
}

persist places
while [ "$all" -gt "$servers" ]; do
  all=$((all - 1))
  persist complete
  persist gone "$set-$all"
  echo "out of the cluster: $set-$all"
done
persist complete
{{- end }}
