# Every target sets up what it needs; all are idempotent.
# PYTHON=/path/to/python3.12 picks an interpreter; without it the first suitable one is taken.
PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: soak reliability help setup serve demo recipe check test test-trainers lint format test-backends clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## make .venv and install everything, pinned

$(STAMP): pyproject.toml client/pyproject.toml requirements.txt scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/setup.sh
	@touch $@

serve: setup  ## run the service here: queue server, API, workers
	@exec $(BIN)/assay serve

demo: setup  ## score a shipped batch and show it
	@exec $(BIN)/assay demo

recipe: setup  ## the R1 recipe's data: cold start, re-scoring, rejection sampling, a mixed set, reports
	@bash scripts/recipe.sh

lint: setup
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .
	@$(BIN)/pyright --warnings
	@$(BIN)/lint-imports

format: setup  ## rewrite the code in the project's format
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix . 

check: lint  ## lint, types, unit tests: under two minutes
	@$(BIN)/pytest -q -m "not e2e and not slow"

test: lint  ## everything
	@$(BIN)/pytest -q

test-trainers: setup  ## the real trainers and their clients, in an environment of their own
	@bash scripts/setup_trainers.sh
	@ASSAY_TRAINERS=required $(BIN)/pytest -q tests/trainers

SECONDS ?= 600
SEED ?=

soak: setup  ## kills, restarts and pauses at random for SECONDS (600): every item answered once, as when quiet
	@$(BIN)/python -m benchmarks.faults.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

reliability: setup  ## do every fault in full, and write the table of docs/reliability.md
	@$(BIN)/python -m benchmarks.reliability --write

test-backends: setup  ## the sandbox's suites on docker and gVisor, whole; installs both by apt where they lack
	@{ command -v dockerd && command -v runsc; } >/dev/null || apt-get install -y -q --no-install-recommends docker.io runsc
	@ASSAY_TEST_BACKENDS=all $(BIN)/pytest -q tests/sandbox

clean:
	rm -rf $(VENV) .venv-trainers .pytest_cache .ruff_cache .hypothesis build dist
