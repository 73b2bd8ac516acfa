# nettwin: every command that a user or a developer needs. `make help` lists them.
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= auto
.DEFAULT_GOAL := help
.PHONY: run test check lint types floors test-all bench docs clean help

run: $(VENV)/.ready  ## Predict a real network, fail its busiest link, show what changes (out/report.html)
	$(BIN)/nettwin tour

test: $(VENV)/.ready  ## The default test suite
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: lint types floors test  ## All that must be green before a commit: lint, types, floors, tests

lint: $(VENV)/.ready  ## Style and common mistakes (ruff)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.ready  ## Static types (mypy, strict)
	$(BIN)/mypy

floors: $(VENV)/.ready  ## Code imports downwards only (import-linter)
	$(BIN)/lint-imports --no-cache

test-all: $(VENV)/.ready  ## Everything, the slow suites included
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "slow or not slow"

bench: $(VENV)/.ready  ## Benchmarks beside their peers; tables go to benchmarks/results
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: $(VENV)/.ready  ## The documentation site, strictly, into site/
	$(BIN)/mkdocs build --strict

clean:  ## Remove everything that was made here
	rm -rf $(VENV) out site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

$(VENV)/.ready: pyproject.toml constraints.txt tools/make-environment
	tools/make-environment $(VENV)
