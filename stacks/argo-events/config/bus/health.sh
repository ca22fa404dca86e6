# Probe of the server: health.sh QUERY. It fails if /healthz?QUERY does not return 200, or after a fault that only a restart ends:
#
# - A write error. The server stores nothing more in the affected stream (nats-server 2.15.2: stream.go setWriteErr, raft.go
#   setWriteErrLocked).
# - A cluster node skew that every check finds. After the server reset a stream, its checks may use another Raft group than the stream
#   (jetstream_cluster.go resetClusteredState). They then fail until a restart, and do not find write errors of the stream. A single
#   skew is harmless (pull request 7001 of nats-server).
#
# Only the full check finds these faults, and the full check also fails because of other servers: no majority, a replica that lags. So
# only their words count (monitor.go healthz, jetstream_cluster.go isStreamHealthy and isConsumerHealthy), and no answer does not.
#
# health.sh --start is the startup probe: the full check, or such a fault. The liveness probe then restarts the server after a minute,
# the startup probe after a quarter of an hour.
get() { printf 'GET /healthz?%s HTTP/1.0\r\n\r\n' "$1" | timeout "$2" nc 127.0.0.1 8222; }
faults() { grep -oE '"error":"[^"]*(write error: |cluster node skew detected)[^"]*'; }

if [ "$1" = --start ]; then
  answer=$(get details=true 4)
  case $answer in
  HTTP/1.?' 200 '*) exit 0 ;;
  esac
  printf '%s\n' "${answer:-no answer}" | tail -n 1
  printf '%s\n' "$answer" | faults >/dev/null
  exit
fi

status=$(get "$1" 2 | head -n 1)
case $status in
*' 200 '*) ;;
*) echo "/healthz?$1: ${status:-no answer}"; exit 1 ;;
esac
! get details=true 2 | faults
