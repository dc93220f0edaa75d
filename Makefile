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

# Tests are spread over the processors; one file by hand is quicker without that: .venv/bin/pytest tests/core/test_x.py
test: $(READY)
	@echo 'test    running the tests'
	@$(BIN)/pytest --quiet --numprocesses auto --dist worksteal

check: $(READY)
	@echo 'check   format'
	@$(BIN)/ruff format --quiet --check . || { echo 'check   some files are not formatted: make fix' >&2; exit 1; }
	@echo 'check   lint'
	@$(BIN)/ruff check --quiet .
	@echo 'check   types'
	@$(BIN)/pyright --warnings
	@echo 'check   layers'
	@$(BIN)/lint-imports --no-logo
	@echo 'check   the repository, its links and its examples'
	@$(BIN)/pytest --quiet tests/test_layers.py tests/test_repository.py tests/docs
	@find src tests -name '*.py' -exec awk 'END { if (NR > 500) print "check   " FILENAME " has " NR " lines: is there an idea to name?" }' {} ';'

fix: $(READY)
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .

lock: $(READY)
	@bash dev/lock.sh
