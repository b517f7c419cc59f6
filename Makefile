# What a newcomer needs: `make demo`, `make test`. Only Python 3.11 or newer has to be there.
PYTHON ?= python3
ARGS ?=
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test lint format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo               play the whole story in the browser, with simulated desks"
	@echo "make demo ARGS=--script play it in the terminal (--dialect cx|es, --store sqlite|firestore)"
	@echo "make test               linters, types and all tests"
	@echo "make setup              only prepare .venv"

setup: $(VENV)/.ready

# The marker is newer than the lock file when everything that it names is installed.
$(VENV)/.ready: uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("This needs Python 3.11 or newer, and $(PYTHON) is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@echo "Preparing $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --frozen --inexact
	@touch $@

demo: setup
	@$(BIN)/python -m demo $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Which pure module lacks a branch, `coverage report` says; it is part of the test.
test: lint
	$(BIN)/pytest --cov --cov-report= $(ARGS)
	$(BIN)/coverage report

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .handoff
