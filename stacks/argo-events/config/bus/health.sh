# Probe of the server: health.sh QUERY. It fails if /healthz?QUERY does not return 200, or after a write error.
#
# After a write error, a server stores nothing more in the affected stream until it restarts (nats-server 2.15.2: stream.go
# setWriteErr, raft.go setWriteErrLocked). Only the full check reports the error, and the full check also fails because of other
# servers: no majority, a replica that lags. So only the words of a write error count (monitor.go healthz, jetstream_cluster.go
# isStreamHealthy and isConsumerHealthy), and no answer does not.
get() { printf 'GET /healthz?%s HTTP/1.0\r\n\r\n' "$1" | timeout 2 nc 127.0.0.1 8222; }
status=$(get "$1" | head -n 1)
case $status in
*' 200 '*) ;;
*) echo "/healthz?$1: ${status:-no answer}"; exit 1 ;;
esac
! get details=true | grep -o '"error":"[^"]*write error: [^"]*'
