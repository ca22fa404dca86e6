{{- define "argo-events.resize.sh" -}}
# Removes servers from the cluster one by one, the last one first, each when all streams are complete without it. The StatefulSet would stop all of
# them at once, and they would count as members of every quorum for ever.
{{- $set := include "argo-events.members" (list . "bus") }}
set={{ $set }}
servers={{ include "argo-events.servers" . }}
all={{ include "argo-events.liveServers" . }}
{{ include "argo-events.client.sh" . }}
sys=$(sed -n 's/.*user: sys, password: "\([^"]*\)".*/\1/p' /etc/bus-users/users.conf)
[ -n "$sys" ] || { echo "the Secret of the bus has no user sys in users.conf: remove the servers yourself, see README.md, and upgrade with --no-hooks"; exit 1; }

system() { nats --user sys --password "$sys" "$@"; }

meta() { system request '$SYS.REQ.SERVER.PING.JSZ' '{"leader_only":true}' --raw; }

# These tags keep copies apart, also afterwards: three servers in two zones cannot have three copies of a stream.
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
    echo "the remaining servers would share a failure domain, and so would the copies of a stream: keep $all servers$tags"
    exit 1
  }
}

# Reports whether every stream has all of its copies. It first lowers copies beyond the future number of servers.
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

# Moves all copies away from a server: a stream whose only copy is there would start again empty.
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
  echo "removed from the cluster: $set-$all"
done
persist complete
{{- end }}
