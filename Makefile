# Every command does its own set-up: on a fresh machine with Python 3.11 or newer and make, start with any of them.
#
#   make test     run the tests
#   make check    format, lint, types, layers, and what the repository promises of itself
#   make fix      let the formatter and the linter mend what they can
#   make setup    install everything into .venv, as the lock says (another interpreter: PYTHON=python3.12)
#   make lock     resolve the dependencies of pyproject.toml anew

.DEFAULT_GOAL := test
.NOTPARALLEL:
.SUFFIXES:
export PYTHON

BIN := .venv/bin
READY := .venv/ready

.PHONY: setup test check fix lock

setup: $(READY)

# Made again only when what is to be installed has changed, so set-up costs nothing the second time.
$(READY): requirements.lock pyproject.toml dev/setup.sh
	@bash dev/setup.sh
	@touch $@

test: $(READY)
	@$(BIN)/python -m pytest

check: $(READY)
	@echo 'format'; $(BIN)/ruff format --quiet --check .
	@echo 'lint';   $(BIN)/ruff check --quiet .
	@echo 'types';  $(BIN)/pyright --warnings
	@echo 'layers'; $(BIN)/lint-imports --no-logo
