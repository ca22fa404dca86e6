#!/usr/bin/env bash
# Installs the Debian packages that nodes need: packages.txt lists them, each with a program that it contains.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
cut -d' ' -f1 packages.txt | xargs apt-get install -y -qq --no-install-recommends
