# Mainstem's one entry. `make help` lists the words; CI says the same ones.
# Needs Python 3.11 or newer and make. Everything else is installed into .venv, which has its own uv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage check format lint types architecture contract bench soak sdks lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything in it (quick the second time)

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mainstem needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

demo: $(READY) ## Capture a generated repository through everything, and sum it up
	@$(BIN)/mainstem demo

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) --dist worksteal

coverage: $(READY) ## Run the tests with branch coverage, and report it
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) --dist worksteal --cov --cov-report=term

check: format lint types architecture contract ## Format, lint, types, architecture, contract

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

architecture: $(READY)
	$(BIN)/lint-imports

contract: $(READY) ## The manifest is current, and nothing in the catalogue contradicts itself
	$(BIN)/mainstem manifest --check mainstem.manifest.json
	$(BIN)/mainstem check --strict

bench: $(READY) ## Run the benchmarks; print a table and JSON
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

soak: $(READY) ## Kill the engine and an app 200 times under load; nothing may be lost or doubled
	$(BIN)/python tools/soak.py --kills 200

sdks: $(READY) ## Run what stands on the SDK against every release of the last year
	$(BIN)/python tools/sdk_matrix.py

lock: $(READY) ## Lock the dependencies anew (hashed, universal, no index addresses)
	$(BIN)/uv pip compile --quiet pyproject.toml --group dev --all-extras --universal --upgrade \
	  --no-annotate --no-header --no-emit-index-url --generate-hashes --output-file requirements.lock

clean: ## Remove what was made
	rm -rf $(VENV) .mainstem dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
