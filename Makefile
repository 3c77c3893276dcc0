# Everything here sets itself up: nothing is needed beforehand but make and Python 3.11 or newer.
#
#   make demo     analyze sample_logs/: incidents in the terminal, and incident-report.html
#   make serve    the dashboard on sample_logs/
#   make test     all tests, those in a real browser included
#   make check    style, types, architecture, and the catalogue against its own samples
#   make docs     write docs/catalogue.md anew
#   make bench    the figures of docs/benchmarks.md
#   make lock     write constraints.txt anew from a clean environment

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed-to-run
DEV    := $(VENV)/.installed-to-develop

CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name) 2>/dev/null)))
export CHROMIUM

# Modules are compiled once, not by each of the hundreds of processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo serve test check docs bench lock clean browser
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

demo: $(RUN)
	@$(BIN)/analyzer scan sample_logs/
	@$(BIN)/analyzer scan sample_logs/ --quiet --output incident-report.html
	@echo
	@echo "The same as a page to click through:  incident-report.html"
	@echo "The same as a dashboard:              make serve"
	@echo "Your own logs:                        $(BIN)/analyzer scan PATH..."

serve: $(RUN)
	@$(BIN)/analyzer serve sample_logs/

test: $(DEV) browser
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/analyzer patterns lint
	$(BIN)/analyzer patterns test
	$(BIN)/analyzer patterns test --corpus sample_logs/clean-api --corpus sample_logs/clean-web

docs: $(RUN)
	$(BIN)/analyzer patterns list --catalogue built-in --format markdown > docs/catalogue.md.new
	mv docs/catalogue.md.new docs/catalogue.md

bench: $(DEV)
	$(BIN)/python -m benchmarks.scan
	$(BIN)/python -m benchmarks.incidents --speed

browser:
	@test -n "$(CHROMIUM)" || { \
	  echo "The tests of report and dashboard need Chromium. Install it, or name one with CHROMIUM=/path/to/it:"; \
	  echo "  Debian, Ubuntu   apt-get install chromium"; \
	  echo "  Fedora           dnf install chromium"; \
	  echo "  macOS            brew install --cask chromium"; \
	  exit 1; }

# Installing is repeated only when what is to be installed has changed.
$(RUN): $(BIN)/python pyproject.toml constraints.txt
	@echo "Setting up $(VENV), once; this takes a minute or two ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(DEV): $(BIN)/python pyproject.toml constraints.txt
	@echo "Setting up $(VENV) for development, once; this takes some minutes ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(RUN)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name one:  make PYTHON=/path/to/python3 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "Python's venv module is needed; on Debian and Ubuntu:  apt-get install python3-venv"; exit 1; }

lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	{ sed -n '/^#/p' constraints.txt; \
	  build/lock/bin/python -m pip freeze --disable-pip-version-check --exclude log-incident-analyzer; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache incident-report.html
