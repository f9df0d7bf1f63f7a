# make demo    set up, then prove a bundled model bit-exact on an emulated Cortex-M4F board
# make test    set up, then lint, types, import rules and the whole test suite
# make setup   .venv with tinygen and its tools, and what is missing from the system

PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test setup system lint types unit docs golden bench clean

demo: setup
	$(BIN)/tinygen test examples/models/tones_ds_cnn.tflite --board mps2-an386 \
		--vectors examples/vectors/tones_ds_cnn.npz

test: setup lint types unit

setup: system $(STAMP)

system:
	@tools/system-packages

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tinygen needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[oracle]' --group dev
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types:
	$(BIN)/mypy

unit:
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term --cov-fail-under=90

docs:
	$(BIN)/python tools/render_docs.py

golden:
	$(BIN)/python -m pytest -q -n $(JOBS) --update-golden

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
