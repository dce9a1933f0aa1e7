# Everything a newcomer needs; `make` alone prints this help. Only Python 3.11+, pip and make are presupposed.
.DEFAULT_GOAL := help
.PHONY: help dev demo demo-once demo-all test test-long check lint types layers deps bench bench-hostile bench-ical bench-slots bench-sync corpus system requirements docs clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH := .venv-bench
DISTRIBUTIONS := . plugins/calbridge-caldav plugins/calbridge-ics plugins/calbridge-mail plugins/calbridge-pms \
	plugins/calbridge-vetstoria contrib/calbridge-portal contrib/calbridge-refpms \
	contrib/calbridge-aroundpet contrib/calbridge-praxxme contrib/calbridge-provet contrib/calbridge-smarttherapy
SOURCES := src $(wildcard plugins/*/src) $(wildcard contrib/*/src)

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): requirements/dev.txt pyproject.toml $(wildcard plugins/*/pyproject.toml) $(wildcard contrib/*/pyproject.toml)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "calbridge needs Python 3.11 or later; set PYTHON=python3.11 (found %s)" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(foreach d,$(DISTRIBUTIONS),-e ./$(d))
	@touch $@

dev: $(STAMP) ## Install everything into .venv

demo: $(STAMP) ## Live one day of a small-animal clinic and stay up (Ctrl-C ends it)
	$(BIN)/calbridge demo

demo-once: $(STAMP) ## The same day once, with a verdict at the end
	$(BIN)/calbridge demo --once

VENDORS := animana-vetstoria debevet-aroundpet smarttherapy provet smartvo-praxxme
demo-all: $(STAMP) ## Five vendors' stories, one after the other, each with a verdict
	@failed=; for vendor in $(VENDORS); do \
		echo "=== $$vendor"; $(BIN)/calbridge demo --vendor $$vendor --once || failed="$$failed $$vendor"; \
	done; test -z "$$failed" || { echo "FAILED:$$failed"; exit 1; }; echo "All five stories went as they should."

test: check ## Run the checks and every test (starts the servers it needs)
	$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-long: $(STAMP) ## The long runs: more simulated days
	CALBRIDGE_LONG=1 $(BIN)/pytest -q tests/simulation tests/core tests/ical tests/corpus

corpus: $(STAMP) ## Read the corpus of real calendar files (in ../shared/corpus) and say what it costs
	$(BIN)/pytest -q -rA tests/corpus/test_files.py::test_a_file_costs_little tests/corpus/test_windows.py

check: lint types layers deps ## Lint, types, import layers, dependencies

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy $(SOURCES)

layers: $(STAMP)
	$(BIN)/lint-imports

deps: $(STAMP)
	$(BIN)/deptry src
	@for d in plugins/* contrib/*; do (cd $$d && ../../$(BIN)/deptry src) || exit 1; done

bench: $(STAMP) ## Time one quiet cycle beside the machine's floor
	$(BIN)/python tests/bench/bench.py

bench-ical: $(STAMP) ## Time the reading of calendar files beside a parser
	$(BIN)/python tests/bench/ical.py

bench-hostile: $(STAMP) ## Time the reading of calendar files that are made to cost
	$(BIN)/python tests/bench/hostile.py

bench-slots: $(STAMP) ## Time what a big clinic offers: all of it, after one change, and slot by slot
	$(BIN)/python tests/bench/slots.py

$(BENCH)/.installed: requirements/bench.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

bench-sync: $(STAMP) $(BENCH)/.installed ## Time syncing beside vdirsyncer and a raw client (SIZES=100,1000 shortens it)
	$(BIN)/python tests/bench/sync.py

system: $(STAMP) ## The calendar suite on Radicale and Xandikos, or on CALDAV_URL=... CALDAV_USER=... CALDAV_PASSWORD=...
	@$(BIN)/pytest -q plugins/calbridge-caldav/tests

requirements: $(STAMP) ## Compile the pinned, hashed requirements anew
	$(BIN)/python -m pip install --quiet pip-tools
	cd requirements && ../$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --upgrade \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o dev.txt dev.in
	cd requirements && ../$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --upgrade \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o bench.txt bench.in

docs: $(STAMP) ## Write the generated reference pages anew
	$(BIN)/python docs/generate.py

clean: ## Remove .venv and caches
	rm -rf $(VENV) $(BENCH) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
