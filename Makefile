# Each target builds what it needs from nothing, in .venv of this folder.
PYTHON ?= python3
PORT ?= 8000
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# Where this project's version is read from, so that a new version is installed again.
SOURCES := pyproject.toml $(wildcard src/segue/__init__.py)

.DEFAULT_GOAL := help
.PHONY: help demo test check check-ruff check-mypy check-pyright check-layers check-rows bench docs features clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The key that signs sessions is made once, so that who is signed in stays so.
demo: .venv/demo.stamp examples/filmclub/.env ## the film club at http://127.0.0.1:8000 (PORT= for another, DATABASE_URL= for PostgreSQL or MariaDB)
	@cd examples/filmclub && $(CURDIR)/$(BIN)/segue db migrate && $(CURDIR)/$(BIN)/segue run --port $(PORT)

test: .venv/develop.stamp ## every test that can run on this machine (ARGS= for pytest; SEGUE_REQUIRE=all: nothing may be absent)
	@$(BIN)/pytest $(ARGS)

check: .venv/develop.stamp ## style, types, layers, and that docs/features.md is up to date
	@$(MAKE) --no-print-directory --keep-going check-ruff check-mypy check-pyright check-layers check-rows

check-ruff: .venv/develop.stamp
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet

check-mypy: .venv/develop.stamp
	$(BIN)/mypy

check-pyright: .venv/develop.stamp
	$(BIN)/basedpyright

check-layers: .venv/develop.stamp
	$(BIN)/lint-imports --no-logo

check-rows: .venv/develop.stamp
	$(BIN)/python tools/features/table.py --check

bench: ## Segue and its peers side by side, in a venv of their own
	@bash benchmarks/run.sh $(ARGS)

docs: .venv/docs.stamp ## build the documentation into build/docs
	@$(BIN)/python tools/site/build.py

features: .venv/develop.stamp ## print the proven rows of the mission, and write docs/features.md
	@$(BIN)/python tools/features/table.py

clean: ## remove everything that was built
	@rm -rf .venv build dist benchmarks/.venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# Dependency groups need a pip newer than the one that Python 3.11 brings along.
.venv/run.stamp: $(SOURCES)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install --editable .
	@touch $@

.venv/demo.stamp: .venv/run.stamp
	@$(PIP) install --editable '.[auth,db,html,i18n,mysql,postgres,security,storage,pdf]' watchfiles
	@touch $@

examples/filmclub/.env: | .venv/demo.stamp
	@echo "SECURITY_KEY=$$($(BIN)/segue key)" > $@

.venv/develop.stamp: .venv/run.stamp
	@$(PIP) install --editable '.[dev]' --group develop
	@touch $@

.venv/docs.stamp: .venv/run.stamp
	@$(PIP) install --group docs
	@touch $@
