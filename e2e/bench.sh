#!/usr/bin/env bash
# holdfast beside the helm binary, in one run: ratios, growth, start-up.
set -euo pipefail
cd "$(dirname "$0")"
exec go run ./bench
