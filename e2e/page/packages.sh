#!/usr/bin/env bash
# Installs the Debian packages that the tests of the page need: a browser and fonts.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
