# `make` without a target lists the targets.
.DEFAULT_GOAL := help
STACKS := $(basename $(notdir $(wildcard stacks/*.yaml)))

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/holdfast
	go build -trimpath -ldflags '-s -w' -o bin/holdfast ./cmd/holdfast

.PHONY: release
release: ## Build archives of binaries and charts, and their checksums, in dist/: make release VERSION=v1.2.3
	rm -rf dist
	go run ./internal/release -version '$(VERSION)' -o dist

.PHONY: test
test: ## Run all tests that need no cluster
	go test ./...

.PHONY: lint
lint: ## Run golangci-lint: format, go vet, staticcheck and the linters in .golangci.yml (the first run builds it)
	go tool -modfile=e2e/tools/golangci-lint/go.mod golangci-lint run

.PHONY: generate
generate: ## Generate charts/ and the reference pages in docs/
	@for stack in $(STACKS); do go run ./cmd/holdfast chart $$stack -o charts/$$stack --force || exit 1; done
	go test ./cmd/holdfast -run "Test(Preflight)?Docs" -fixdocs

.PHONY: verify
verify: lint test ## Run lint and test: required before you submit a change

.PHONY: fuzz
fuzz: ## Fuzz every parser and the renderer, for FUZZTIME each (default 60s)
	@for target in $$(grep -rho --include='*_test.go' 'func Fuzz[A-Za-z]*' generator internal verify | awk '{print $$2}' | sort -u); do \
	  for pkg in $$(grep -rl --include='*_test.go' "func $$target(" generator internal verify | xargs -n1 dirname | sort -u); do \
	    echo "$$pkg $$target"; go test ./$$pkg -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-60s} -fuzzminimizetime 10x || exit 1; done; done

.PHONY: bench
bench: ## Run benchmarks; compare holdfast with helm, kustomize, kube-scheduler and kube-score
	go test -run '^$$' -bench . -benchtime 3x ./generator/... ./verify/...
	e2e/bench.sh

.PHONY: flush
flush: ## Measure price and effect of bus.syncInterval on one and three servers (needs root)
	cd e2e && go run ./flush

.PHONY: agreement
agreement: ## Compare verify with a real control plane; write the results to docs/evidence/
	EVIDENCE=$(CURDIR)/docs/evidence e2e/run.sh control

.PHONY: evidence
evidence: ## Measure node and zone failures under load; write the results to docs/evidence/ (needs root)
	EVIDENCE=$(CURDIR)/docs/evidence e2e/run.sh solo operations live

.PHONY: e2e
e2e: ## Run all end-to-end tests (needs root; the first run builds the tools)
	e2e/run.sh
