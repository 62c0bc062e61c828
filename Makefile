# The commands of every day. `make demo` and `make test` set up all they need, each
# once: the environment in .venv, the locked requirements, the pages, and, where it may,
# the programs that the tests drive (.ci/setup says which).
#
# Another Python:        make PYTHON=python3.14 test   (.venv is made anew of it)
#                        make PYTHON=python3.14 VENV=.venv-3.14 test   (beside .venv)
# Some tests:            make test TESTS="tests/core -k promise"
# Real chat to test on:  CHAT_SAMPLES=/path/to/samples make test

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
export PYTHON
# The tests start the program some seventy times: what is compiled once is kept, and not compiled each time anew.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet
LOCKED := $(PIP) install --require-hashes
TESTS ?=
PAGES := hatch_build.py $(shell find dashboards/pages -name node_modules -prune -o -type f -print)

.PHONY: help demo test lint bench pages secrets dashboards soak audit screenshots lock clean

help:  ## Show these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.service  ## Run the service on simulated chat, with its wallboard
	$(BIN)/presales-monitor demo

test: $(VENV)/.service $(VENV)/.tests  ## Run all tests
	.ci/setup parts
	$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/.service $(VENV)/.tests  ## Check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python hatch_build.py check

bench: $(VENV)/.service $(VENV)/.tests  ## Measure what docs/performance.md tells
	for bench in tests/benchmarks/bench_*.py; do \
	  echo "== $$bench"; $(BIN)/python -m "tests.benchmarks.$$(basename "$$bench" .py)" || exit; \
	done

soak: $(VENV)/.service $(VENV)/.tests  ## A day's traffic, then a fortnight's, in minutes: what is held must be flat
	$(BIN)/python -m tests.soak

audit: $(VENV)/.required $(VENV)/.audit-tool  ## Ask for known faults in what the locks name, of Python and of the pages
	$(BIN)/python .ci/audit.py $(VENV)/audit-tool/bin/pip-audit

screenshots: $(VENV)/.service $(VENV)/.tests  ## Take the pictures in docs/images from the demo
	.ci/setup parts
	$(BIN)/python -m tests.browser.screenshots

# The folder is for its owner only. The files in it can be read by all, as each container is somebody else and sees its own only.
secrets:  ## Make the secrets that docker-compose.yml reads, once
	mkdir -p secrets && chmod 700 secrets
	for name in token mqtt grafana; do \
	  [ -s secrets/$$name ] || od -An -tx1 -N24 /dev/urandom | tr -d ' \n' >secrets/$$name; chmod 644 secrets/$$name; \
	done

dashboards: $(VENV)/.tests  ## Write the Grafana dashboards anew
	$(BIN)/python dashboards/grafana/build.py

pages: $(VENV)/.required  ## Build the web pages in place
	$(BIN)/python hatch_build.py

# Resolved for every supported Python and system at once; no index and no address is written down,
# so any index serves. The two smaller locks are cut from the biggest, so all three agree.
lock: $(VENV)/.lock-tool  ## Take newer versions of what pyproject.toml asks for
	.ci/lock $(VENV)/lock-tool/bin/uv

clean:  ## Remove what make has made here
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis dist dashboards/pages/node_modules monitor/web/pages

# Stamps: each says that a step is done for the files it was made from.

ifneq ($(PYTHON),)
ifneq ($(shell "$(PYTHON)" -V),$(if $(wildcard $(BIN)/python),$(shell $(BIN)/python -V)))
.PHONY: $(VENV)/.made
endif
endif

$(VENV)/.made:
	python=$$(.ci/setup python) && rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@touch $@

$(VENV)/.required: $(VENV)/.made requirements.lock requirements-build.lock
	$(LOCKED) -r requirements.lock -r requirements-build.lock
	@touch $@

# Editable, so that what one edits is what runs; without isolation, so that what builds is locked too.
$(VENV)/.service: $(VENV)/.required pyproject.toml $(PAGES)
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tests: $(VENV)/.required requirements-dev.lock
	$(LOCKED) -r requirements-dev.lock
	@touch $@

$(VENV)/.audit-tool: $(VENV)/.made
	$(BIN)/python -m venv $(VENV)/audit-tool
	$(VENV)/audit-tool/bin/python -m pip --quiet install "pip-audit>=2.9,<3"
	@touch $@

$(VENV)/.lock-tool: $(VENV)/.made
	$(BIN)/python -m venv $(VENV)/lock-tool
	$(VENV)/lock-tool/bin/python -m pip --quiet install "uv>=0.9,<1"
	@touch $@
