# Everything a developer or CI does. A fresh machine needs make and Python 3.11, 3.12 or 3.13; the rest is fetched.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

PORT ?= 8000
N ?= 1000000
# One more than cores: many tests wait for clocks and processes. A fourth makes it no quicker.
WORKERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# A virtual environment that was moved, or whose Python went away, is built anew.
WORKS := $(shell $(BIN)/python -c 'print(open("$(VENV)/.built").read())' 2>/dev/null)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Where no bytecode may be kept, every process compiles six hundred files before it does anything.
unexport PYTHONDONTWRITEBYTECODE

# Databases and files of tests live in memory where there is room: nothing of them outlives the run, and a third of the
# time went into waiting for the disk.
MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -Pm /dev/shm | awk 'END { print $$4 }')" -gt 6000 ] && echo /dev/shm)
PYTEST := $(if $(MEMORY),TMPDIR=$(MEMORY) )$(BIN)/pytest

CHECKS := check-style check-types check-imports check-dockerfile check-openapi check-migrations test

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z<>-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-16s %s\n", $$1, $$2 }'

.PHONY: run
run: $(INSTALLED) ## start an embedded hub on 127.0.0.1 (PORT=8000)
	@exec $(BIN)/custhub serve --port $(PORT)

.PHONY: test
test: $(INSTALLED) ## run the tests on SQLite and PostgreSQL (ARGS='-k phone', WORKERS=3)
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 10 --durations-min 1 $(ARGS) || { \
		[ $$? -eq 1 ] || exit 1; \
		echo "== what failed, again and by itself (docs/decisions/0012-a-second-attempt.md)"; \
		$(PYTEST) --last-failed --last-failed-no-failures none; }

.PHONY: demo
demo: $(INSTALLED) ## walk through the hub with invented customers
	@$(BIN)/python docs/demo/run.py

.PHONY: bench
bench: $(INSTALLED) ## measure it (N=1000000 customers)
	@N=$(N) $(BIN)/python -m benchmarks
	@N=$(N) $(BIN)/python -m benchmarks.search

.PHONY: prove
prove: $(INSTALLED) ## prove each promise, one PASS or FAIL line each (make prove-<name>: one of them)
	@$(BIN)/python -m tests.proofs

# Splink and DuckDB are 280 MB that nothing else needs: they have an environment of their own.
SECOND := $(VENV)/dedupe
$(SECOND)/.installed: requirements/dedupe.txt requirements/data.txt $(INSTALLED)
	@echo "building $(SECOND) with Splink and DuckDB, once"
	@$(BIN)/python -m venv --clear $(SECOND)
	@$(SECOND)/bin/pip install -qq --require-hashes --only-binary :all: -r requirements/dedupe.txt
	@$(SECOND)/bin/pip install -qq --no-deps --require-hashes --only-binary :all: -r requirements/data.txt
	@touch $@

.PHONY: prove-splink
prove-splink: $(SECOND)/.installed ## hold the weights against Splink's, on lists whose people are known
	@PYTHONPATH=src:. $(SECOND)/bin/python -m tests.proofs.second_opinion

prove-%: $(INSTALLED)
	@$(BIN)/python -m tests.proofs $*

.PHONY: check
check: $(CHECKS) ## all that CI checks: style, types, imports, tests, migrations, OpenAPI, Dockerfile
	@echo "check: everything passed"

.PHONY: check-style
check-style: $(INSTALLED)
	@echo "== ruff"
	@$(BIN)/ruff format --check . || { echo "run 'make fmt'"; exit 1; }
	@$(BIN)/ruff check --quiet .

.PHONY: check-types
check-types: $(INSTALLED)
	@echo "== mypy"
	@$(BIN)/mypy

.PHONY: check-imports
check-imports: $(INSTALLED)
	@echo "== import contracts"
	@$(BIN)/lint-imports --no-logo

.PHONY: check-dockerfile
check-dockerfile: $(INSTALLED)
	@echo "== hadolint"
	@$(BIN)/hadolint Dockerfile

.PHONY: check-openapi
check-openapi: $(INSTALLED)
	@echo "== openapi/openapi.json against the application"
	@$(BIN)/custhub openapi --check

.PHONY: check-migrations
check-migrations: $(INSTALLED)
	@echo "== alembic check on SQLite and PostgreSQL"
	@$(BIN)/python -m tests.alembic_check

.PHONY: openapi
openapi: $(INSTALLED) ## write openapi/ from the application: the document, and the schemas of events
	@$(BIN)/custhub openapi --write openapi/openapi.json
	@$(BIN)/python -m tests.event_schemas
	@echo "openapi/ written"

.PHONY: fmt
fmt: $(INSTALLED) ## format the code and fix what ruff can fix
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

# Bounds are in pyproject.toml, exact versions and hashes here; an index or a machine is never named.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE)

.PHONY: lock
lock: $(INSTALLED) ## pin the requirements again (UPGRADE=--upgrade for newer versions)
	@$(LOCK) pyproject.toml --output-file requirements/run.txt
	@$(LOCK) --group build --output-file requirements/build.txt
	@$(LOCK) --group sources --output-file requirements/sources.txt
	@$(LOCK) pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	@$(LOCK) pyproject.toml --extra dedupe --constraint requirements/run.txt --output-file requirements/dedupe.txt
	@$(LOCK) --no-deps --group data --output-file requirements/data.txt
	@echo "requirements/*.txt written"

.PHONY: FORCE
ifneq ($(WORKS),$(CURDIR))
$(VENV)/.built: FORCE
endif
$(VENV)/.built: requirements/dev.txt requirements/sources.txt
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
		"$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
			&& break; python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "custhub needs Python 3.11, 3.12 or 3.13 with venv (python3-venv on Debian); name it by PYTHON=" >&2; \
		exit 1; \
	fi; \
	echo "building $(VENV) with $$("$$python" --version), once"; \
	"$$python" -m venv --clear $(VENV)
	@$(BIN)/pip install -qq --require-hashes --only-binary :all: -r requirements/sources.txt
	@$(BIN)/pip install -qq --require-hashes --only-binary :all: --no-binary tyme4py --no-build-isolation \
		-r requirements/dev.txt
	@printf '%s' '$(CURDIR)' > $@

$(INSTALLED): $(VENV)/.built pyproject.toml requirements/data.txt
	@$(BIN)/pip install -qq --no-deps --require-hashes --only-binary :all: -r requirements/data.txt
	@$(BIN)/pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@
