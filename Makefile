# make demo, make test: on a fresh machine these do everything. make check: what CI runs.
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --constraint constraints.txt

.PHONY: demo test check format lint imports types spelling dependencies bench pictures clean

demo: $(VENV)/.installed  ## a workspace from real data, everything run, the report written
	$(BIN)/nextbest demo demo --no-open

test: $(VENV)/.developing  ## tests and the examples in docstrings and docs
	$(BIN)/pytest -n auto

check: format lint imports types spelling dependencies test  ## everything, the tests last

format: $(VENV)/.developing
	$(BIN)/ruff format --check

lint: $(VENV)/.developing
	$(BIN)/ruff check

imports: $(VENV)/.developing  ## floors, inner shape of rooms, doors, pure cores, no cycles
	PYTHONPATH=. $(BIN)/lint-imports

types: $(VENV)/.developing
	$(BIN)/mypy

spelling: $(VENV)/.developing
	$(BIN)/codespell

dependencies: $(VENV)/.developing
	$(BIN)/deptry src

bench: $(VENV)/.developing  ## speed and memory, side by side, as ratios
	$(INSTALL) --group bench
	$(BIN)/python -m benchmarks

pictures: $(VENV)/.developing  ## the pictures of the docs, from the demo's own report
	$(BIN)/python -m tools.pictures

$(VENV)/bin/uv:
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: $(VENV)/bin/uv pyproject.toml constraints.txt
	$(INSTALL) --editable ".[demo]"
	touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(INSTALL) --group dev
	touch $@

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
