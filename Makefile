# Every target of the project. `make` alone lists them.
.DEFAULT_GOAL := help
STACKS := $(basename $(notdir $(wildcard stacks/*.yaml)))

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/holdfast
	go build -trimpath -ldflags '-s -w' -o bin/holdfast ./cmd/holdfast

.PHONY: test
test: ## Run all tests that need no cluster
	go test ./...

.PHONY: lint
lint: ## Format, vet and staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'run gofmt -w on these'; exit 1; }
	go vet ./...
	go tool -modfile=e2e/tools/staticcheck/go.mod staticcheck ./...

.PHONY: generate
generate: ## Write what is generated from code: charts/ and docs/
	@for stack in $(STACKS); do go run ./cmd/holdfast chart $$stack -o charts/$$stack --force || exit 1; done
	go test ./cmd/holdfast -run TestDocs -fixdocs

.PHONY: verify
verify: lint test ## What must pass before a change is handed in

.PHONY: fuzz
fuzz: ## Fuzz every parser and the renderer, a minute each
	@for target in $$(grep -rho --include='*_test.go' 'func Fuzz[A-Za-z]*' generator internal verify | awk '{print $$2}' | sort -u); do \
	  for pkg in $$(grep -rl --include='*_test.go' "func $$target(" generator internal verify | xargs -n1 dirname | sort -u); do \
	    echo "$$pkg $$target"; go test ./$$pkg -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-60s} -fuzzminimizetime 10x || exit 1; done; done

.PHONY: bench
bench: ## Benchmarks, and holdfast beside helm, kustomize and kube-scheduler in one run
	go test -run '^$$' -bench . -benchtime 3x ./generator/... ./verify/...
	e2e/bench.sh

.PHONY: agreement
agreement: ## Hold verify against a real control plane and write what both say to docs/evidence
	EVIDENCE=$(CURDIR)/docs/evidence e2e/run.sh control

.PHONY: evidence
evidence: ## Make nodes and zones fail and write what was lost to docs/evidence (as root)
	EVIDENCE=$(CURDIR)/docs/evidence e2e/run.sh solo live

.PHONY: e2e
e2e: ## Hold what comes out against the real tools (builds them on first use)
	e2e/run.sh
