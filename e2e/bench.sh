#!/usr/bin/env bash
# Compares holdfast with helm, kustomize, kube-scheduler and kube-score in one run: ratios, growth, start-up.
set -euo pipefail
cd "$(dirname "$0")"
exec go run ./bench
