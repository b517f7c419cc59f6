# What a newcomer needs: `make demo`, `make test`. Only Python 3.11 or newer has to be there.
# The first Python on this machine that is new enough; `make PYTHON=…` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for one in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$one -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$one && break; done)
ARGS ?=
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo crash streams test lint format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo               play the whole story in the browser, with simulated desks"
	@echo "make demo ARGS=--script play it in the terminal (--dialect cx|es, --store sqlite|firestore)"
	@echo "make crash              kill the functions while customers talk, and compare (ARGS=--help)"
	@echo "make streams            many pages listen at once, and how long words take (ARGS=--help)"
	@echo "make test               linters, types and all tests"
	@echo "make setup              only prepare .venv"

setup: $(VENV)/.ready

# The marker is newer than the lock file when everything that it names is installed.
$(VENV)/.ready: uv.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || \
		{ echo "This needs Python 3.11 or newer, and found none. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@echo "Preparing $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --frozen --inexact
	@touch $@

demo: setup
	@$(BIN)/python -m demo $(ARGS)

crash: setup
	@$(BIN)/python -m tests.crash $(ARGS)

streams: setup
	@$(BIN)/python -m tests.streams $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Which pure module lacks a branch, `coverage report` says; it is part of the test.
# The tests of a module run one after the other, the longest modules first (tests/order.py).
test: lint
	$(BIN)/pytest --numprocesses auto --dist loadscope --no-loadscope-reorder --cov --cov-report= $(ARGS)
	$(BIN)/coverage report

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .handoff
