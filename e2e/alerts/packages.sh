#!/usr/bin/env bash
# Installs promtool and prometheus from the Debian package of Prometheus, without its service.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
apt-get update -qq
cd "$dir"
apt-get download -qq prometheus
dpkg-deb --extract prometheus_*.deb .
install usr/bin/promtool usr/bin/prometheus /usr/local/bin/
