#!/bin/sh
# The entry point of the image: what looks like a flag is nats-server's.
case ${1:--} in -*) set -- nats-server "$@" ;; esac
exec "$@"
