#!/usr/bin/env bash
# Runs the end-to-end tests, tier by tier, and ends with a table of what ran. It fails if a tier failed, had no test in
# it, left one out or was not reached.
#
#   ./run.sh            all tiers
#   ./run.sh chart      this one
#
# A new tier is a function below and its name in the list.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

all=(vet facts schemas chart page control nodes live)

# The checks of the compiler, for every module that has sources.
vet() { go vet ./... && for tool in argocheck place; do (cd tools/$tool && go vet ./...) || return; done; }
# What the stack's files say of Argo Events is what its sources say, and what README and docs say of failures and of verify is what was counted.
facts() { tests ./facts ./live/evidence ./control/agreement; }
# The schemas that manifests are validated against refuse what they should.
schemas() { tests ./schemas; }
# The charts and manifests against Helm, the schemas, Argo Events, nats-server and the nats command.
chart() { tests ./chart -parallel 4; }
# The page of holdfast verify in a real Chromium: that something is drawn, nothing overflows, keys work, by day, by night, on paper.
page() { tests ./page; }
# The charts on a real control plane: API server, controllers, scheduler, evictions, Helm and the controller of Argo Events; and what
# verify says of them and of systems drawn at random beside what the control plane does. EVIDENCE=DIR keeps that.
# Most of the time is waiting, hence more tests at a time than processors.
control() { tests ./control -parallel 14 ${EVIDENCE:+-evidence "$EVIDENCE"}; }
# The cluster of real nodes that the next tier runs on: that it fails as it should, and leaves nothing. As root.
nodes() { tests ./nodes/...; }
# The charts on real nodes, which lose their power, their zone and each other while events are counted. As root.
# EVIDENCE=DIR keeps the counts.
live() { tests ./load/... && tests ./live ${EVIDENCE:+-evidence "$EVIDENCE"}; }

# The tests read files that the go command does not watch, hence -count=1.
tests() { go test -count=1 -timeout 60m -v "$@"; }

log=$(mktemp)
declare -A result count seconds
tiers=("$@")
[ ${#tiers[@]} -gt 0 ] || tiers=("${all[@]}")

run() {
  local tier=$1 start=$SECONDS
  result[$tier]=FAILED
  echo "== $tier"
  if "$tier" 2>&1 | tee "$log"; then result[$tier]=ok; fi
  seconds[$tier]=$((SECONDS - start))
  [ "$tier" != vet ] || return 0
  count[$tier]=$(grep -c '^ *--- PASS' "$log" || true)
  if [ "${count[$tier]}" = 0 ] || grep -q '^ *--- SKIP' "$log"; then result[$tier]=FAILED; fi
}

table() {
  local code=$? tier
  rm -f "$log"
  printf '\n%-10s %-8s %6s %6s\n' tier result tests time
  for tier in "${tiers[@]}"; do
    printf '%-10s %-8s %6s %6s\n' "$tier" "${result[$tier]:-not run}" "${count[$tier]:--}" "${seconds[$tier]:--}s"
    [ "${result[$tier]:-}" = ok ] || code=1
  done
  exit "$code"
}

trap table EXIT
trap 'exit 130' INT TERM
for tier in "${tiers[@]}"; do
  [[ " ${all[*]} " == *" $tier "* ]] || { echo "there is no tier $tier: choose from ${all[*]}" >&2; exit 2; }
  run "$tier"
done
