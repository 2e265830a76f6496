# Two commands matter: `make conformance` judges a real SDK, `make test` runs the kit's own tests.
# `make test-all` adds the tests that are marked slow; CI runs it. `make test-nightly` runs what repeats them at length.
# `make parity` holds the reference against one release of each revision, event by event.

PYTHON ?= python3
SDK ?= official==latest
VERSIONS ?= revisions
PROFILE ?=
SEED ?= 0
SERVER ?= hatchery-core-0.3.0
COUNT ?= 100000
CATALOGUE := build/catalogue
WHEEL := build/wheel
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One more than the cores: some tests wait for another process.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
BENCH := .venv-bench
DOCS := .venv-docs
# Such as 3.11.
OWN_PYTHON = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
UV := .venv-uv/bin/python
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# Exact versions with hashes, for every supported Python; `make upgrade` writes them.
LOCKED := $(PIP_INSTALL) --require-hashes --requirement
# Of what is installed for one run, most is never imported: to compile it all takes as long as to install it.
UNCOMPILED := --no-compile
KIT := $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
PYTHON_CHECK := import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")
# Makes the environment $(1) unless it is there and has pip; an attempt without python3-venv leaves one that has not.
make_venv = $(1)/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
# What the kit installs beside a release of the official SDK is locked, too.
export TINKER_CONFORMANCE_CONSTRAINTS := $(CURDIR)/locks/official.txt
ENGINE ?= $(shell command -v podman || command -v docker)

.PHONY: always conformance parity test test-all test-nightly lint types clean mutation cookbook downstream bench soak fuzz lock upgrade docs generate catalogue findings server-findings setup-system image test-lowest test-lowest-fixtures test-lowest-verdicts test-newest checks static-checks run-checks newest-is-printed

$(STAMP): pyproject.toml locks/dev.txt
	$(PYTHON) -c '$(PYTHON_CHECK)'
	$(call make_venv,$(VENV))
	$(BIN)/python $(LOCKED) locks/dev.txt
	$(BIN)/python $(KIT)
	touch $(STAMP)

$(BENCH)/.installed: pyproject.toml locks/dev.txt locks/bench.txt
	$(call make_venv,$(BENCH))
	$(BENCH)/bin/python $(LOCKED) locks/dev.txt --requirement locks/bench.txt
	$(BENCH)/bin/python $(KIT)
	touch $@

$(DOCS)/.installed: locks/docs.txt
	$(call make_venv,$(DOCS))
	$(DOCS)/bin/python $(LOCKED) locks/docs.txt $(UNCOMPILED)
	touch $@

conformance: $(STAMP)
	$(BIN)/tinker-conformance run --sdk '$(SDK)' $(if $(PROFILE),--profile '$(PROFILE)')

parity: $(STAMP)
	$(BIN)/tinker-conformance parity --versions '$(VERSIONS)'

test: $(STAMP)
	$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m 'not slow and not nightly'

test-all: $(STAMP)
	$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m 'not part_of_a_slow_test and not nightly'

test-nightly: $(STAMP)
	$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m nightly

# What users with other versions meet: the fixtures, the suite, and verdicts on real releases.
OTHER_VERSIONS := tests/tinker_conformance/downstream tests/tinker_conformance/suite

# The lowest versions that pyproject.toml allows.
test-lowest: test-lowest-fixtures test-lowest-verdicts

test-lowest-fixtures: .venv-lowest/.installed
	.venv-lowest/bin/pytest --numprocesses auto --dist worksteal -m 'not slow and not nightly' $(OTHER_VERSIONS)

test-lowest-verdicts: .venv-lowest/.installed
	.venv-lowest/bin/python -m tinker_conformance run --quiet --sdk official==0.38.0
	.venv-lowest/bin/python -m tinker_conformance run --quiet --sdk official==0.6.3
	.venv-lowest/bin/python -m tinker_conformance run --quiet --sdk 'exec:node examples/node/adapter.mjs'

# The newest versions, locked or not; CI prints what they bring, and goes on.
test-newest: $(STAMP)
	rm -rf .venv-newest
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python $(PIP_INSTALL) $(UNCOMPILED) --editable '.[test]'
	newer=$$(.ci/newer-than-locked .venv-newest) || exit; \
	  if [ -z "$$newer" ]; then echo 'None is newer than those of locks/dev.txt, with which `make test-all` runs these tests.'; exit; fi; \
	  printf 'Newer than those of locks/dev.txt:\n%s\n' "$$newer"; \
	  .venv-newest/bin/pytest --numprocesses auto --dist worksteal -m 'not slow and not nightly' $(OTHER_VERSIONS)
	env -u TINKER_CONFORMANCE_CONSTRAINTS .venv-newest/bin/python -m tinker_conformance run --quiet --sdk official==0.38.0

.venv-lowest/.installed: pyproject.toml locks/lowest.txt
	$(call make_venv,.venv-lowest)
	.venv-lowest/bin/python $(LOCKED) locks/lowest.txt $(UNCOMPILED)
	.venv-lowest/bin/python $(PIP_INSTALL) --no-deps --editable .
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

# The site, in build/site; a broken link is an error.
docs: $(DOCS)/.installed
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict

# Judges every SDK of the catalogue and a pinned official release, and holds the verdicts against the findings pages.
catalogue: $(STAMP)
	rm -rf $(CATALOGUE)
	$(BIN)/tinker-conformance matrix --catalogue --versions 0.38.0 --report $(CATALOGUE)
	$(BIN)/python -m tests.findings check $(CATALOGUE)

# The same run, recorded for the findings pages.
findings: $(STAMP)
	rm -rf $(CATALOGUE)
	$(BIN)/tinker-conformance matrix --catalogue --versions 0.38.0 --report $(CATALOGUE)
	$(BIN)/python -m tests.findings record $(CATALOGUE)
	$(BIN)/python -m tests.docs.generate

# The report of a server, which was made by hand as its findings page says, recorded for that page.
server-findings: $(STAMP)
	$(BIN)/python -m tests.findings server '$(REPORT)' '$(SERVER)'
	$(BIN)/python -m tests.docs.generate

# Writes the generated pages and schemas.
generate: $(STAMP)
	$(BIN)/python -m tests.docs.generate

# The image of the Containerfile, built and tried; needs podman or docker. The tests carry out its steps without one.
image:
	test -n '$(ENGINE)' || { echo 'podman or docker is needed: make image ENGINE=path' >&2; exit 1; }
	$(ENGINE) build --tag tinker-conformance --file Containerfile .
	$(ENGINE) run --rm tinker-conformance tinker-conformance run --sdk reference --profile tinker-0.5.1

# What the tests run that PyPI does not have, from Debian's packages; as root. Without it they are skipped and counted.
setup-system:
	.ci/setup-system

downstream:
	.ci/downstream '$(PYTHON)' on-workers-too

# Built once for all Pythons, and always anew.
$(WHEEL)/.built: $(STAMP) always
	rm -rf $(WHEEL)
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir $(WHEEL) .
	touch $@

always:

# The wheel, in a project of its own, with one Python if it is here: `make downstream-3.12`. What a Python changes shows
# without workers, too. With this Python, whose tests judge the official SDK many times, one chapter is enough.
downstream-3.%: $(WHEEL)/.built
	python=$$(.ci/find-python 3.$*); if [ -n "$$python" ]; then WHEEL='$(WHEEL)' .ci/downstream "$$python" $(if $(filter 3.$*,$(OWN_PYTHON)),on-workers-too parsing); \
	  else echo 'Python 3.$* is not installed here: the downstream project was not tried with it'; fi

# What CI does but for the tests; `make --jobs 3 checks` runs three at a time.
checks: static-checks run-checks

# None of these runs an SDK, so that little processor time breaks none of them: CI runs them beside the tests.
static-checks: lint types docs .venv-lowest/.installed

# `catalogue` judges the official release that `make conformance SDK=official==0.38.0` would judge again.
run-checks: test-lowest newest-is-printed catalogue $(addprefix downstream-,3.11 3.12 3.13)

# What the newest versions bring stops nobody.
newest-is-printed: $(STAMP)
	timeout 300 $(MAKE) test-newest || echo 'NEWEST: the newest versions of what we depend on do not pass; see above' >&2

# In an environment of its own: the peers bring plugins of pytest with them.
bench: $(BENCH)/.installed
	$(BENCH)/bin/python -m benchmarks

# One server, 100,000 futures, an hour of virtual time; some minutes.
soak: $(BENCH)/.installed
	$(BENCH)/bin/python -m benchmarks.soak

# Recipes of tinker-cookbook and its own tests, as published, against the simulated service; some minutes, and 1.5 GB in
# the cache the first time. RECIPES: words in their names, or own-tests.
cookbook: $(STAMP)
	$(BIN)/python -m tests.cookbook $(RECIPES)

mutation: $(STAMP)
	$(BIN)/python $(LOCKED) locks/mutation.txt
	$(BIN)/python -m tests.mutation

# Locks what pyproject.toml newly asks for; what is locked already stays.
lock: $(STAMP) $(UV)
	locks/compile $(UV)

# Moves every locked version to the newest, and those of the lowest versions to what pyproject.toml says.
upgrade: $(STAMP) $(UV)
	locks/compile $(UV) --upgrade

$(UV):
	$(call make_venv,.venv-uv)
	$@ $(PIP_INSTALL) uv

# A failing input is made small and written to fuzz-failure.json.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz --seed '$(SEED)' --count '$(COUNT)'

clean:
	rm -rf $(VENV) $(BENCH) $(DOCS) .venv-uv .venv-lowest .venv-newest .hypothesis .mypy_cache .pytest_cache .ruff_cache
