# make run    the dashboard at http://localhost:8501 (PORT= another port, WORKERS= server processes that share it,
#             ARGS= more for streamlit)
# make test   every test that does not take minutes, by three processes, and where the time went: under ten minutes on two
#             cores (TESTERS= other processes, 0: one test after the other; ARGS= more)
# make test-all  what takes minutes, after `make test`: tests marked slow, and ten thousand damaged feeds
# make lint   ruff, mypy, import-linter
# make bench  what is fast and what is not, at a million articles (SCALE=10000: fewer), kept in tests/bench/results
# make fuzz   damaged feeds through the parser (ARGS="--documents 1000 --seed 2 DIR"), found faults kept in .fuzz
# make kills  a writer is killed fifty times at any moment, and nothing that it acknowledged may be lost
# make lock   requirements*.txt anew from pyproject.toml

PYTHON ?= python3
PORT ?= 8501
ARGS ?=
SCALE ?= 1000000
WORKERS ?= 1
# A third one works while the browser's and those that wait for a child do not.
TESTERS ?= 3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-all lint bench fuzz kills lock
.DELETE_ON_ERROR:

run: $(VENV)/.run
	$(BIN)/python app.py --workers $(WORKERS) --server.port $(PORT) $(ARGS)

PYTEST := $(BIN)/python -m pytest --numprocesses $(TESTERS) --dist worksteal --durations 25
# Tests start dozens of processes: where nothing may keep what is compiled, each compiles the whole project anew.
test test-all kills: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.dev
	$(PYTEST) $(ARGS)

test-all: $(VENV)/.dev
	$(PYTEST) -m slow $(ARGS)
	$(BIN)/python -m tests.fuzz --documents 10000

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	SCALE=$(SCALE) $(BIN)/python -m tests.bench

kills: $(VENV)/.dev
	$(BIN)/python -m pytest tests/ingest/store/test_storage.py -m slow -k bad_input_71

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(ARGS)

lock: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --group dev --constraint requirements.txt pyproject.toml --output-file requirements-dev.txt

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@ $(VENV)/.run
