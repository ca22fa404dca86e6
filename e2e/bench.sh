#!/usr/bin/env bash
# Compares holdfast with helm, kustomize and kube-scheduler in one run: ratios, growth, start-up.
set -euo pipefail
cd "$(dirname "$0")"
exec go run ./bench
