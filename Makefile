# Every target brings the machine to what it needs first (.ci/bootstrap); what is there already is skipped.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run demo watch build test test-gateway audit bench-streams bench-gateway bench-history bench-page fuzz fmt clean

ADDRESS := $(or $(LEPTOS_SITE_ADDR),127.0.0.1:3000)
TOOLS := source "$(or $(CARGO_TARGET_DIR),target)/bootstrap/env"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build Parley and serve it on http://127.0.0.1:3000
	@.ci/bootstrap run
	@echo "==> building; Parley will be at http://$(ADDRESS) (Ctrl+C stops it)"
	@$(TOOLS) && exec cargo leptos serve

demo: ## write conversations into the database, to try Parley with (OPTIONS="--sessions 1000 --messages 10000")
	@.ci/bootstrap run
	@$(TOOLS) && LEPTOS_OUTPUT_NAME=parley SERVER_FN_PREFIX=/fn cargo run --quiet --bin parley -- seed-demo --into-existing $(OPTIONS)

watch: ## the same, rebuilt and reloaded on every change
	@.ci/bootstrap run
	@echo "==> building; Parley will be at http://$(ADDRESS) (Ctrl+C stops it)"
	@$(TOOLS) && exec cargo leptos watch

build: ## the optimised server and page
	@.ci/bootstrap run
	@# Erased types are smaller, parts that not every visit needs are files of their own, and names change with content.
	@$(TOOLS) && LEPTOS_HASH_FILES=true RUSTFLAGS="--cfg erase_components" cargo leptos build --release --split --lib-features split --precompress
	@echo "==> $(or $(CARGO_TARGET_DIR),target)/release/parley, which serves target/site"

test: ## formatting, lints, docs, tests, browser tests
	@.ci/bootstrap test
	@.ci/test

audit: ## licences, bans, sources, advisories of the dependencies; dependencies that nothing uses
	@.ci/bootstrap audit
	@$(TOOLS) && cargo deny check bans licenses sources && cargo machete
	@$(TOOLS) && if cargo deny fetch db; then cargo deny check --disable-fetch advisories; \
		else echo "==> advisories: not checked, their database cannot be reached"; fi

test-gateway: ## does the Gateway at GATEWAY_URL keep the contract? (GATEWAY_TOKEN, GATEWAY_MESSAGE, GATEWAY_LONG_MESSAGE)
	@.ci/bootstrap test
	@$(TOOLS) && exec node --import ./end2end/bench/typescript.mjs --test-reporter spec end2end/conformance/gateway.ts

bench-streams: ## streams through Parley, beside nginx and none at all, into docs/BENCHMARKS.md (ten minutes)
	@.ci/bootstrap bench
	@$(TOOLS) && env -u RUSTFLAGS LEPTOS_OUTPUT_NAME=parley SERVER_FN_PREFIX=/fn \
		cargo build --release -p bench -p server --bin bench-streams --bin parley
	@$(TOOLS) && release="$(or $(CARGO_TARGET_DIR),target)/release" && \
		exec "$$release/bench-streams" --parley "$$release/parley" $(OPTIONS)

bench-gateway: ## answers through the embedded Gateway, beside their provider alone, into docs/BENCHMARKS.md (seconds, once it is built)
	@.ci/bootstrap bench
	@$(TOOLS) && env -u RUSTFLAGS LEPTOS_OUTPUT_NAME=parley SERVER_FN_PREFIX=/fn \
		cargo build --release -p bench -p server --bin bench-gateway --bin parley
	@$(TOOLS) && release="$(or $(CARGO_TARGET_DIR),target)/release" && \
		exec "$$release/bench-gateway" --parley "$$release/parley" $(OPTIONS)

bench-history: ## lists, searches and messages in a database of a million messages, into docs/BENCHMARKS.md (fifteen minutes)
	@.ci/bootstrap bench
	@$(TOOLS) && env -u RUSTFLAGS LEPTOS_OUTPUT_NAME=parley SERVER_FN_PREFIX=/fn \
		cargo build --release -p bench -p server --bin bench-history --bin parley
	@$(TOOLS) && release="$(or $(CARGO_TARGET_DIR),target)/release" && \
		exec "$$release/bench-history" --parley "$$release/parley" $(OPTIONS)

bench-page: build ## what the page costs in a browser, into docs/BENCHMARKS.md (fifteen minutes)
	@.ci/bootstrap test
	@$(TOOLS) && exec node --import ./end2end/bench/typescript.mjs end2end/bench/page.ts $(OPTIONS)

fuzz: ## look for a minute for bytes that the decoder of streams takes amiss (FUZZ_SECONDS)
	@.ci/bootstrap fuzz
	@# Coverage alone: the sanitizers need an unstable compiler, and there is no unsafe code for them to watch.
	@mkdir -p app/protocol/fuzz/found
	@$(TOOLS) && cd app/protocol && cargo fuzz run --sanitizer none sse_decoder fuzz/found fuzz/corpus/sse_decoder -- \
		-max_total_time=$(or $(FUZZ_SECONDS),60)

fmt: ## format the code
	@.ci/bootstrap run
	@$(TOOLS) && cargo fmt --all

clean: ## remove what was built, keep the tools
	@rm -rf target/site end2end/test-results end2end/screenshots
	@cargo clean
