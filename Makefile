# Two commands matter: `make conformance` judges a real SDK, `make test` runs the kit's own tests.
# `make test-all` adds the tests that are marked slow; CI runs it.
# `make parity` holds the reference against one release of each revision, event by event.

PYTHON ?= python3
SDK ?= official==latest
VERSIONS ?= revisions
PROFILE ?=
SEED ?= 0
COUNT ?= 100000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH := .venv-bench

.PHONY: conformance parity test test-all lint types clean mutation downstream bench soak fuzz

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(STAMP)

conformance: $(STAMP)
	$(BIN)/tinker-conformance run --sdk '$(SDK)' $(if $(PROFILE),--profile '$(PROFILE)')

parity: $(STAMP)
	$(BIN)/tinker-conformance parity --versions '$(VERSIONS)'

test: $(STAMP)
	$(BIN)/pytest --numprocesses auto --dist worksteal -m 'not slow'

test-all: $(STAMP)
	$(BIN)/pytest --numprocesses auto --dist worksteal

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

downstream:
	.ci/downstream '$(PYTHON)'

# In an environment of its own: the peers bring plugins of pytest with them.
bench:
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --editable '.[bench]'
	$(BENCH)/bin/python -m benchmarks

# One server, 100,000 futures, an hour of virtual time; some minutes.
soak:
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --editable '.[bench]'
	$(BENCH)/bin/python -m benchmarks.soak

mutation: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[dev,mutation]'
	$(BIN)/python -m tests.mutation

# A failing input is made small and written to fuzz-failure.json.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz --seed '$(SEED)' --count '$(COUNT)'

clean:
	rm -rf $(VENV) $(BENCH) .hypothesis .mypy_cache .pytest_cache .ruff_cache
