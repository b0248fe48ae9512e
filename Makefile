# Everything happens in .venv, which these targets make; nothing is installed elsewhere.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint types layers unit soak bench pictures schemas scorecard fuzz-bugs wheels clean

demo: .venv/core
	@$(BIN)/recallsim demo

test: lint types layers unit

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy
	$(BIN)/mypy tests benchmarks docs

layers: .venv/dev
	$(BIN)/lint-imports

unit: .venv/dev
	$(BIN)/python -m pytest -n 4 --dist worksteal  # most of them wait

soak: .venv/dev
	$(BIN)/python -m pytest -m soak

bench: .venv/dev
	$(BIN)/python -m pytest benchmarks --benchmark-enable -m "not soak" -p no:cacheprovider

pictures: .venv/dev
	$(BIN)/python docs/pictures.py

schemas: .venv/dev
	$(BIN)/python docs/schemas.py

scorecard: .venv/dev
	$(BIN)/python docs/scorecard.py

fuzz-bugs: .venv/dev
	$(BIN)/python docs/fuzz_bugs.py

wheels: .venv/dev
	$(BIN)/python .ci/check_wheels.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "recallsim needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch .venv/core $@

clean:
	rm -rf .venv build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
