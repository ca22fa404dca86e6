#!/usr/bin/env bash
# holdfast beside helm and kustomize, in one run: ratios, growth, start-up.
set -euo pipefail
cd "$(dirname "$0")"
exec go run ./bench
