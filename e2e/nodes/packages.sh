#!/usr/bin/env bash
# Installs the Debian packages that nodes are made of: packages.txt names them, each with a file that is in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
cut -d' ' -f1 packages.txt | xargs apt-get install -y -qq --no-install-recommends
