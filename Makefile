# make demo        install, train one translator on the embedded corpus, test it, look at its attention
# make test        what every change must pass, in minutes
# make test-slow   the tests that train for longer
# make table       every attention at the demo's budget, side by side
# make clean       what can be made again; runs/ stays

PYTHON ?= python3
BIN := .venv/bin
ATTNCLI := $(BIN)/attncli
export ATTNCLI_DATA

.PHONY: demo test test-slow table clean
.DELETE_ON_ERROR:

.venv: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: .venv
	$(ATTNCLI) train --attention luong-general --run-name demo
	$(ATTNCLI) evaluate --run runs/demo
	echo 'the old dog sees the cat that sleeps' | $(ATTNCLI) translate --run runs/demo
	$(ATTNCLI) visualize --run runs/demo 'the old dog sees the cat that sleeps'

test: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

test-slow: .venv
	$(BIN)/pytest -m slow

table: .venv
	$(BIN)/python docs/table.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
