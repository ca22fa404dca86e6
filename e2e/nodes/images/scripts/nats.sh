#!/bin/sh
# The entry point of the image: flags are those of nats-server.
case ${1:--} in -*) set -- nats-server "$@" ;; esac
exec "$@"
