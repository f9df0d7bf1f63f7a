# make demo    set up, then prove a bundled model bit-exact on an emulated Cortex-M4F board
# make test    set up, then lint, types, import rules and the whole test suite
# make setup   the set-up alone: .venv/bin/tinygen, and what is missing from the system
# make lint, types, unit   the parts of `make test`
# make docs    render the parts of the documentation that come from the code and from measurements
# make bench   measure the models on the emulated board: benchmarks/results.json
# make golden  accept what tests/golden/ would be now
# make clean   remove the virtual environment and all caches

# Expanded where it is used, after `system` has had its chance to install one.
PYTHON ?= $(shell tools/find-python)
JOBS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test setup system lint types unit docs bench golden clean

help:
	@sed -n '/^# make /s/^# //p' Makefile

demo: setup
	$(BIN)/tinygen test examples/models/tones_ds_cnn.tflite --board mps2-an386 \
		--vectors examples/vectors/tones_ds_cnn.npz

test: setup
	$(MAKE) lint types unit

setup: system $(STAMP)

system:
	@tools/system-packages

$(STAMP): pyproject.toml constraints.txt | system
	$(PYTHON) -m venv .venv
	$(PIP) pip
	$(PIP) --editable '.[oracle]' --group dev
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types:
	$(BIN)/mypy

unit:
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term --cov-fail-under=90

docs: setup
	$(BIN)/python tools/render_docs.py

bench: setup
	$(BIN)/python benchmarks/run.py

golden: setup
	$(BIN)/python -m pytest -q -n $(JOBS) --update-golden

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage build dist
