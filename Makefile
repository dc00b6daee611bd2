# Everything a newcomer types. Needs only make and Python >= 3.11; all else goes into .venv.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test lint bench docs lock clean

# Without bytecode every start of the program takes several times as long: it is kept when it was first made.
unexport PYTHONDONTWRITEBYTECODE

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$python -c '$(NEW_ENOUGH)' 2>/dev/null; then echo $$python; break; fi; done)
endif

BIN := .venv/bin
# Compiling all modules takes longer than installing them; each is compiled when it is first used.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile
HASHED := $(PIP_INSTALL) --require-hashes --no-deps

help: ## show this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "make %-7s %s\n", $$1, $$2 }'

setup: .venv/.runtime .venv/.dev .venv/.project ## make .venv with all that development needs

demo: .venv/.runtime .venv/.project ## open a generated book of business (kept in .demo)
	@export CRM_HOME="$(CURDIR)/.demo"; unset CRM_DB; \
	if ! find .demo -name '*.db' -size +0 2>/dev/null | grep -q .; then $(BIN)/crm demo || exit $$?; fi; \
	exec $(BIN)/crm

lint: setup ## style, formatting, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# They wait for servers and processes: more workers than there are processors keep these busy.
test: WORKERS = $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) * 3 // 2 + 1)")
# The checks keep one processor busy. On a new machine another compiles all tests meanwhile, what else every worker does.
test: setup ## lint, then all tests
	@$(BIN)/python -m pytest --collect-only -q -p no:cacheprovider >/dev/null 2>&1 & \
	$(MAKE) --no-print-directory lint || { kill $$!; exit 1; }
	$(BIN)/python -m pytest -n $(WORKERS)

bench: setup ## measure against a bare sqlite3 script
	$(BIN)/python benchmarks/run.py

docs: setup ## write the generated pages of docs/ anew
	$(BIN)/python docs/generate.py

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --all-extras

lock: setup ## resolve the requirements anew and lock them with hashes
	$(PIP_INSTALL) uv
	$(LOCK) --group build --output-file requirements.txt
	$(LOCK) --group dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove all that make made: .venv, the demo book, caches
	rm -rf .venv .venv-calendars .demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.created:
	@test -n "$(PYTHON)" || { echo "crm needs Python 3.11 or newer, and none was found on PATH." \
		"Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "crm needs Python 3.11 or newer; $(PYTHON) is not." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: its venv or ensurepip module is missing." >&2; \
		echo "Install it, then run make again. Debian, Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON) ..."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: requirements.txt | .venv/.created
	@echo "Installing what crm needs ..."
	@$(HASHED) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/.runtime
	@echo "Installing what its tests need ..."
	@$(HASHED) -r requirements-dev.txt
	@touch $@

# The build backend is among the locked requirements, so this step asks no index for anything.
.venv/.project: pyproject.toml crmcli/__init__.py | .venv/.runtime
	@echo "Installing crm itself ..."
	@$(PIP_INSTALL) --no-deps --no-build-isolation --no-index --editable .
	@touch $@
