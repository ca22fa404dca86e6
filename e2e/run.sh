#!/usr/bin/env bash
# Runs the end-to-end tests tier by tier and prints a table of results and times. It fails if a tier failed, had no test, skipped a test, or
# was not reached.
#
#   ./run.sh            all tiers but those on demand
#   ./run.sh chart      one tier
#
# EVIDENCE=DIR writes measurements into DIR and runs more: make evidence, make agreement. To add a tier: a function and a name in the list.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The order of the tiers. The tiers in background mostly wait: they run one after the other beside all others, which get the lowest priority
# meanwhile. page, operations and live run alone: a browser sets its own priorities, and the others measure times.
all=(build page nodes solo vet facts schemas alerts chart control live)
background=(nodes solo)
# Tiers that run on demand only: they take longer than all others.
demand=(operations)

# Builds the programs that the tests run, so that no test waits for a compiler.
build() { go run ./binaries/all; }
# go vet, for every module with sources.
vet() { go vet ./... && for tool in argocheck cert-manager kafka kube-router operators place; do (cd tools/$tool && go vet ./...) || return; done; }
# Facts about Argo Events against its sources; fields of custom resources against the types of their operators; docs/evidence against its data
# and against the current charts.
facts() { tests ./facts ./cases ./charts ./live/evidence ./control/agreement && (cd tools/operators && tests .); }
# The schemas for kubeconform accept valid manifests and reject invalid ones.
schemas() { tests ./schemas; }
# Every alert of the charts, evaluated by promtool: it fires when it must, and not otherwise. Needs promtool: alerts/packages.sh.
alerts() { tests ./alerts ./states; }
# Charts and manifests against Helm, Kustomize, schemas, Argo Events, nats-server and the nats command.
chart() { tests ./chart -parallel 4; }
# The page of holdfast verify in Chromium: layout, keyboard, light, dark and print.
page() { tests ./page; }
# Charts on a real control plane: API server, controllers, scheduler, evictions, Helm and the controller of Argo Events; and the predictions of
# verify for golden cases and random systems, the latter on two versions of Kubernetes: 20 and 10 of them, or all with EVIDENCE. Tests mostly
# wait, hence more of them than processors.
control() {
  tests ./control -parallel 14 $(evidence "" "-systems 20") && tests ./control -parallel 14 -run '^TestAgreement$' -next $(evidence "" "-systems 20")
}
# The cluster of real nodes that solo and live use: its failures and its cleanup. Needs root.
nodes() { tests ./nodes/... && (cd tools/kube-router && tests .); }
# One system on real nodes: migrations of its bus, probes, access. Needs root.
solo() { tests ./load/... && tests ./live -run "$solo" $(evidence); }
# One system on real nodes, as its operators see it: the commands of docs/operations, alerts with a real Prometheus in failures and in changes that
# are none (all of them with EVIDENCE), and the takeover of an existing installation under load. Needs root, and Prometheus: alerts/packages.sh.
operations() { tests ./live -run "$operations" $(evidence); }
# Systems side by side on real nodes that fail while events are counted: a short list of failures, or the long one with EVIDENCE. Needs root.
live() { tests ./live -skip "$solo|$operations" $(evidence "-scenarios long" "-scenarios short"); }
solo='^TestSolo$'
operations='^Test(Manual|Alarms|Takeover)$'

# evidence prints flags of a test: the first argument with EVIDENCE, the second one without.
evidence() { if [ -n "${EVIDENCE:-}" ]; then echo "-evidence $EVIDENCE ${1:-}"; else echo "${2:-}"; fi; }

# The tests read files that the go command does not track, hence -count=1.
tests() { go test -count=1 -timeout 150m -v "$@"; }

# Memory is plentiful, processors are not: compilers and servers collect garbage a quarter as often.
export GOGC=400
# Programs must be static. With the same setting for tests, packages are compiled once for both.
export CGO_ENABLED=0

tiers=("$@")
[ ${#tiers[@]} -gt 0 ] || tiers=("${all[@]}")
for tier in "${tiers[@]}"; do
  [[ " ${all[*]} ${demand[*]} " == *" $tier "* ]] || { echo "unknown tier $tier: choose from ${all[*]} ${demand[*]}" >&2; exit 2; }
done

# A full disk fails tests one by one, for reasons that hide it. The nodes of live alone take 2 GB.
for folder in "${TMPDIR:-/tmp}" "${HOLDFAST_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}"; do
  mkdir -p "$folder"
  free=$(($(df --output=avail -k "$folder" | tail -1) / 1000000))
  [ "$free" -ge 5 ] || { echo "$folder has $free GB of free disk space, the tests need 5 GB: free some, or set TMPDIR or HOLDFAST_E2E_CACHE" >&2; exit 3; }
done

# A file for each finished tier: "result tests seconds priority". Logs are beside them.
state=$(mktemp -d)

# run TIER PRIORITY runs a tier and keeps its log and result.
run() {
  local tier=$1 start=$SECONDS log=$state/$1.log result=ok count=-
  echo "== $tier"
  "$tier" 2>&1 | tee "$log" || result=FAILED
  if [ "$tier" != build ] && [ "$tier" != vet ]; then
    count=$(grep -c '^ *--- PASS' "$log" || true)
    if [ "$count" = 0 ] || grep -q '^ *--- SKIP' "$log"; then result=FAILED; fi
  fi
  echo "$result $count $((SECONDS - start))s $2" >"$state/$tier"
}

# begin starts the background tiers of this run, one after the other, in a process group of its own.
begin() {
  local tier mine=()
  for tier in "${background[@]}"; do
    [[ " ${tiers[*]} " != *" $tier "* ]] || mine+=("$tier")
  done
  echo "== ${mine[*]}: in the background; their output follows that of the other tiers"
  set -m
  for tier in "${mine[@]}"; do run "$tier" background; done >"$state/background" 2>&1 &
  set +m
  job=$!
}

# join waits for the background tiers and prints their output.
join() {
  [ -n "$job" ] || return 0
  wait "$job" || true
  job=
  cat "$state/background"
}
job=

# failures prints the first and last lines of each failed test in a log, or the end of the log if no test failed.
failures() {
  awk '
    { line = substr($0, 1, 400); last[NR % 10] = line }
    /^=== (RUN|CONT|NAME) / { name = $3; next }
    / *--- FAIL: / { failed[++n] = $3; next }
    /^    / && !/^ *--- / { output[name, ++lines[name]] = line }
    END {
      for (i = 1; i <= n; i++) {
        name = failed[i]
        if (lines[name]) print name
        for (l = 1; l <= lines[name]; l++) if (l <= 5 || l > lines[name] - 5) print output[name, l]
      }
      if (!n) for (i = NR + 1; i <= NR + 10; i++) if (i % 10 in last) print last[i % 10]
    }' "$1"
}

finish() {
  local code=$? tier result count seconds priority failed=()
  trap - EXIT
  [ "$code" = 0 ] || [ -z "$job" ] || kill -INT -- "-$job" 2>/dev/null || true
  join
  printf '\n%-10s %-8s %6s %7s  %s\n' tier result tests time run
  for tier in "${tiers[@]}"; do
    read -r result count seconds priority < <(cat "$state/$tier" 2>/dev/null || echo "not-run - - -")
    printf '%-10s %-8s %6s %7s  %s\n' "$tier" "$result" "$count" "$seconds" "$priority"
    [ "$result" = ok ] || { code=1; failed+=("$tier"); }
  done
  printf '%-10s %-8s %6s %7s\n' total "" "" "${SECONDS}s"
  for tier in "${failed[@]}"; do
    [ ! -f "$state/$tier.log" ] || { printf '\n%s:\n' "$tier"; failures "$state/$tier.log"; }
  done
  rm -rf "$state"
  exit "$code"
}

trap finish EXIT
trap 'exit 130' INT TERM
begun=
for tier in "${tiers[@]}"; do
  if [[ " ${background[*]} " == *" $tier "* ]]; then
    [ -n "$begun" ] || { begin; begun=yes; }
    continue
  fi
  case $tier in page | operations | live) join ;; esac
  if [ -n "$job" ] && kill -0 "$job" 2>/dev/null; then
    (renice -n 19 "$BASHPID" >/dev/null && run "$tier" "beside ${background[*]}")
  else
    run "$tier" alone
  fi
done
