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

# In this order; but solo waits most of its time, so that those after it run beside it, with what it leaves of the machine. Live is alone again:
# what it says of a system must not be said of a machine with too much to do.
all=(build vet facts schemas page nodes solo chart control live)

# The programs that the tests run, so that none of them waits for a compiler.
build() { go run ./binaries/all; }
# The checks of the compiler, for every module that has sources.
vet() { go vet ./... && for tool in argocheck kube-router place; do (cd tools/$tool && go vet ./...) || return; done; }
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
# The cluster of real nodes that the next tiers run on: that it fails as it should, and leaves nothing. As root.
nodes() { tests ./nodes/... && (cd tools/kube-router && tests .); }
# One system on real nodes: its bus moves, starts, loses its quorum, and is told to go; who belongs reaches it, and nobody else. As root.
# EVIDENCE=DIR keeps what a move did to events.
solo() { tests ./load/... && tests ./live -run "$solo" ${EVIDENCE:+-evidence "$EVIDENCE"}; }
# Systems side by side on real nodes, which lose their power, their zone and each other while events are counted. As root.
# EVIDENCE=DIR keeps the counts.
live() { tests ./live -skip "$solo" ${EVIDENCE:+-evidence "$EVIDENCE"}; }
solo='^TestSolo$'

# The tests read files that the go command does not watch, hence -count=1.
tests() { go test -count=1 -timeout 60m -v "$@"; }

# Processors are what there is little of, not memory: compilers and servers collect garbage a quarter as often.
export GOGC=400
# What is compiled for a test serves for a program, which has to be static.
export CGO_ENABLED=0

tiers=("$@")
[ ${#tiers[@]} -gt 0 ] || tiers=("${all[@]}")
for tier in "${tiers[@]}"; do
  [[ " ${all[*]} " == *" $tier "* ]] || { echo "there is no tier $tier: choose from ${all[*]}" >&2; exit 2; }
done

# What is known of each tier, a file each: "result tests seconds".
state=$(mktemp -d)

run() {
  local tier=$1 start=$SECONDS log=$state/$1.log result=ok count=-
  echo "== $tier"
  "$tier" 2>&1 | tee "$log" || result=FAILED
  if [ "$tier" != build ] && [ "$tier" != vet ]; then
    count=$(grep -c '^ *--- PASS' "$log" || true)
    if [ "$count" = 0 ] || grep -q '^ *--- SKIP' "$log"; then result=FAILED; fi
  fi
  echo "$result $count $((SECONDS - start))s" >"$state/$tier"
}

# join waits for the tier that runs beside others, and prints what it said.
join() {
  [ -n "$beside" ] || return 0
  wait "$beside" || true
  beside=
  cat "$state/beside"
}
beside=

# failures prints what the failed tests in a log said, the first and last lines of each; and the log's end where no test failed.
failures() {
  awk '
    { line = substr($0, 1, 400); last[NR % 10] = line }
    /^=== (RUN|CONT|NAME) / { name = $3; next }
    / *--- FAIL: / { failed[++n] = $3; next }
    /^    / && !/^ *--- / { said[name, ++lines[name]] = line }
    END {
      for (i = 1; i <= n; i++) {
        name = failed[i]
        if (lines[name]) print name
        for (l = 1; l <= lines[name]; l++) if (l <= 5 || l > lines[name] - 5) print said[name, l]
      }
      if (!n) for (i = NR + 1; i <= NR + 10; i++) if (i % 10 in last) print last[i % 10]
    }' "$1"
}

finish() {
  local code=$? tier result count seconds failed=()
  trap - EXIT
  # Interrupted, it is told so.
  [ "$code" = 0 ] || [ -z "$beside" ] || kill -INT -- "-$beside" 2>/dev/null || true
  join
  printf '\n%-10s %-8s %6s %7s\n' tier result tests time
  for tier in "${tiers[@]}"; do
    read -r result count seconds < <(cat "$state/$tier" 2>/dev/null || echo "not-run - -")
    printf '%-10s %-8s %6s %7s\n' "$tier" "$result" "$count" "$seconds"
    [ "$result" = ok ] || { code=1; failed+=("$tier"); }
  done
  for tier in "${failed[@]}"; do
    [ ! -f "$state/$tier.log" ] || { printf '\n%s:\n' "$tier"; failures "$state/$tier.log"; }
  done
  rm -rf "$state"
  exit "$code"
}

trap finish EXIT
trap 'exit 130' INT TERM
for tier in "${tiers[@]}"; do
  if [ "$tier" = solo ] && [[ " ${tiers[*]} " =~ " chart "|" control " ]]; then
    echo "== $tier, beside what follows: what it prints comes after that"
    set -m # a group of its own
    run "$tier" >"$state/beside" 2>&1 &
    set +m
    beside=$!
    continue
  fi
  case $tier in
  nodes | live) join ;; # one cluster of real nodes at a time
  esac
  if [ -n "$beside" ]; then
    (renice -n 19 "$BASHPID" >/dev/null && run "$tier")
  else
    run "$tier"
  fi
done
