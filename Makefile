# One word for each task. Every task sets up what it needs from nothing but make and a Python >= 3.11 with venv.
#
#   make demo    the shipped program through real servers, and what came of it
#   make check   everything that must hold before a change lands
#   make help    all the words

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
# Only asked for when a virtual environment has to be made.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# Arguments for the words that take some: make test ARGS="tests/core -x"
ARGS ?=
# A worker has its own servers, so more than four only costs memory; a module's tests share theirs and stay together.
WORKERS ?= auto

.PHONY: help setup demo check format lint types contracts test fix mutants up bench cover lock dist clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

demo: setup ## run the shipped program through PostgreSQL and NATS and show what came of it
	$(BIN)/dealreg demo $(ARGS)

check: setup ## format, lint, types, import contracts, tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(WORKERS) --maxprocesses 4 --dist loadscope $(ARGS)

format: setup ## is everything laid out as the formatter would?
	$(BIN)/ruff format --check

lint: setup ## ruff alone
	$(BIN)/ruff check

types: setup ## mypy alone
	$(BIN)/mypy

contracts: setup ## import-linter alone
	$(BIN)/lint-imports

test: setup ## pytest alone: make test ARGS="tests/core -x"
	$(BIN)/pytest $(ARGS)

fix: setup ## let ruff lay out and repair what it can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

mutants: setup ## break the source on purpose, place by place: a test must fail each time
	$(BIN)/python tests/mutants.py $(ARGS)

up: setup ## the embedded PostgreSQL and NATS with every role, until Ctrl-C
	$(BIN)/dealreg up $(ARGS)

bench: setup ## measure; prints ratios of one run, never part of check
	$(BIN)/pytest tests/bench -p no:randomly -p no:xdist -s --timeout=1800 --override-ini="python_files=bench_*.py" $(ARGS)

cover: setup ## branch coverage of the decision core
	$(BIN)/pytest tests/core tests/properties tests/test_scenarios.py tests/service/test_explain_rerun.py --cov --cov-report=term-missing:skip-covered $(ARGS)

lock: ## resolve the newest versions the pins allow (needs uv); review the difference
	uv pip compile --no-config --universal --upgrade --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --group dev pyproject.toml --output-file requirements.lock

dist: setup ## the wheel and the source archive, into dist/
	$(BIN)/hatchling build

clean: ## forget the virtual environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

setup: $(VENV)/project.done

# Two marks: the locked packages, and the project itself. Each is removed before its step and written after it, so a
# step that was interrupted is seen as not done. An environment without the first mark is of unknown content and is
# made again from nothing; one with it is brought up to date in place.
$(VENV)/packages.done: requirements.lock
	@test -e $@ || test -n "$(PYTHON)" || { echo "make: no Python >= 3.11 with venv found; name one: make PYTHON=/path/to/python3" >&2; exit 3; }
	@test -e $@ || { echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv --clear $(VENV); }
	@rm -f $@ $(VENV)/project.done
	@echo "installing the locked packages into $(VENV)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(VENV)/project.done: $(VENV)/packages.done pyproject.toml
	@rm -f $@
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@
