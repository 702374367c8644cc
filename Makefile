# Everything one does with leadterm from a clone. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The first Python that fits; PYTHON=python3.12 chooses another.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
CHOSEN := $(PYTHON)
ifeq ($(CHOSEN),)
PYTHON := $(shell for each in python3 python3.12 python3.11; do \
  $$each -c '$(FITS)' 2> /dev/null && echo $$each && break; done || true)
endif
define READY
@if ! "$(or $(PYTHON),none)" -c '$(FITS)' 2> /dev/null; then \
  echo "leadterm needs Python 3.11 or 3.12 with its venv module; $(or $(CHOSEN),python3) is" \
    "$$("$(or $(CHOSEN),python3)" --version 2> /dev/null || echo "not there")." >&2; \
  echo "Debian 12: apt install python3.11-venv. Ubuntu 24.04: apt install python3.12-venv. macOS: brew install" \
    "python@3.12. Anywhere else: uv python install 3.12." >&2; \
  echo "Then: make $(or $(MAKECMDGOALS),run), or with its name: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12" >&2; exit 2; fi
@test -x $(BIN)/python || { echo "Installing into $(VENV); this takes a minute or two …"; "$(PYTHON)" -m venv $(VENV); }
endef
# An environment of another Python is made anew.
ifneq (,$(filter-out help clean,$(MAKECMDGOALS)))
STALE := $(shell test ! -d $(VENV) || { $(BIN)/python -c '$(FITS)' 2> /dev/null && { test -z "$(CHOSEN)" || \
  test "$$($(BIN)/python --version)" = "$$("$(CHOSEN)" --version 2> /dev/null || $(BIN)/python --version)"; }; } || \
  { rm -rf $(VENV); echo "$(VENV) was of another Python; it is made anew." >&2; })
endif
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt
NOTE ?= corpora/samples/clinic-note.txt
CORPUS ?= corpora/reference
MODEL ?= default
SIZES ?= 1000,3000,10000
SMOKE := build/smoke

.PHONY: help run test lint types wheel check bench bench-train train field held-out layouts evaluate golden notebooks docs build clean fuzz bench-batch audit sbom reproducible

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables: NOTE=$(NOTE) CORPUS=$(CORPUS) MODEL=$(MODEL) PYTHON=$(PYTHON)"

$(VENV)/run: pyproject.toml constraints.txt
	$(READY)
	$(PIP) --editable '.[documents,tables]'
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt
	$(READY)
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/run

run: $(VENV)/run ## suggest codes for a sample note (NOTE=file)
	$(BIN)/leadterm suggest $(NOTE)
	@echo && echo "Go on with: source $(BIN)/activate, then leadterm --help; or $(BIN)/leadterm suggest YOUR-NOTES"

test: $(VENV)/dev ## run the tests and doctests
	$(BIN)/python -m pytest

lint: $(VENV)/dev ## check the style of the code
	$(BIN)/ruff check .

types: $(VENV)/dev ## check the types
	$(BIN)/mypy

check: lint types test wheel ## everything that must hold: style, types, tests, the installed wheel

build: $(VENV)/dev ## build the source archive and the wheel
	@rm -rf build dist pipeline/*.egg-info
	$(BIN)/python -m build --outdir dist

wheel: build ## install the wheel elsewhere and try it
	@rm -rf $(SMOKE) && $(BIN)/python -m venv $(SMOKE)/venv
	$(SMOKE)/venv/bin/pip --disable-pip-version-check install --quiet --constraint constraints.txt dist/*.whl
	@cp $(NOTE) $(SMOKE)/note.txt && echo 'encounter_id,text,codes' > $(SMOKE)/t.csv && echo '1,Dry cough.,R05.9' >> $(SMOKE)/t.csv
	cd $(SMOKE) && venv/bin/leadterm --version && venv/bin/leadterm --help > /dev/null
	cd $(SMOKE) && venv/bin/leadterm corpus import csv t.csv --output corpus && venv/bin/leadterm corpus check corpus
	cd $(SMOKE) && venv/bin/leadterm benchmark list > /dev/null
	cd $(SMOKE) && venv/bin/leadterm suggest note.txt --format jsonl | grep -q '"suggestions"'

bench: $(VENV)/dev ## measure speed
	OMP_NUM_THREADS=1 $(BIN)/python -m leadterm.experiments.bench_reading
	OMP_NUM_THREADS=1 $(BIN)/python -m leadterm.experiments.bench_evaluation
	OMP_NUM_THREADS=1 $(BIN)/python -m leadterm.experiments.bench_rules

bench-batch: $(VENV)/dev ## kill a batch at random and compare the bytes (NOTES=5000 KILLS=50)
	OMP_NUM_THREADS=1 $(BIN)/python -m leadterm.experiments.bench_batch --notes $(or $(NOTES),5000) --kills $(or $(KILLS),50)

fuzz: $(VENV)/dev ## read broken files of every format for longer (EXAMPLES=5000)
	LEADTERM_FUZZ=$(or $(EXAMPLES),5000) $(BIN)/python -m pytest tests/security/test_fuzz.py

bench-train: $(VENV)/dev ## measure training on made-up corpora (SIZES=1000,3000)
	OMP_NUM_THREADS=1 $(BIN)/python -m leadterm.experiments.bench_training --notes $(SIZES) --output build/bench

train: $(VENV)/dev ## rebuild the shipped model (NOTES=file of MTSamples notes)
	$(BIN)/python -m leadterm.training.shipped corpora/reference models/default $(if $(NOTES),--notes $(NOTES))

field: $(VENV)/dev ## score the ranker out of fold on MTSamples notes (NOTES=file)
	$(BIN)/python -m leadterm.training.shipped corpora/reference --notes $(NOTES)

held-out: $(VENV)/dev ## fit without the notes coded a second time, and score them (NOTES=file)
	$(BIN)/python -m leadterm.training.shipped corpora/reference --notes $(NOTES) --held-out corpora/mtsamples/held-out.jsonl

layouts: $(VENV)/dev ## read notes in other layouts: the same codes? (CORPUS=)
	$(BIN)/python -m leadterm.experiments.metamorphic $(CORPUS)

evaluate: $(VENV)/run ## score a model (MODEL=, CORPUS=)
	$(BIN)/leadterm evaluate $(MODEL) $(CORPUS) --split train

golden: $(VENV)/dev ## record all answers, and compare with an earlier record (AGAINST=record.json)
	$(BIN)/python tests/golden.py build/golden.json $(if $(AGAINST),--against $(AGAINST))

notebooks: $(VENV)/dev ## run every notebook and store its outputs
	$(BIN)/python tests/notebooks/store.py

docs: $(VENV)/run ## build the guide and the reference of the Python names into build/site
	$(PIP) --editable '.[docs]'
	$(BIN)/mkdocs build --quiet
	@echo "Open build/site/index.html"

# Tools that look at the environment from outside, so that they add nothing to it.
build/tools: constraints.txt
	$(READY)
	"$(PYTHON)" -m venv build/tools
	build/tools/bin/pip --disable-pip-version-check install --quiet pip-audit pip-licenses cyclonedx-bom

audit: $(VENV)/run build/tools ## list the licences; look up known faults of every package, where the network is there
	build/tools/bin/pip-licenses --python $(BIN)/python --order license --format markdown --output-file build/licences.md
	@echo "build/licences.md lists the licences."
	build/tools/bin/pip-audit --timeout 10 --path "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
	  > build/audit.txt 2>&1 && echo "No known fault in what could be looked up;" \
	    "$$(grep -c 'could not be audited' build/audit.txt || true) packages could not: build/audit.txt names them." \
	  || { tail -n 20 build/audit.txt; echo "Faults were found, or the list cannot be reached: see build/audit.txt" >&2; exit 1; }

sbom: $(VENV)/run build/tools ## write build/sbom.json: every installed package, as CycloneDX
	build/tools/bin/cyclonedx-py environment $(BIN)/python --output-reproducible --output-file build/sbom.json
	@echo "build/sbom.json"

reproducible: $(VENV)/dev ## build the wheel twice and compare
	@rm -rf build/once build/twice build/lib build/bdist*
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --wheel --outdir build/once > /dev/null
	@rm -rf build/lib build/bdist* pipeline/*.egg-info
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --wheel --outdir build/twice > /dev/null
	sha256sum build/once/*.whl build/twice/*.whl && cmp build/once/*.whl build/twice/*.whl && echo "The same wheel, byte for byte."

clean: ## remove what was built, and the environment
	rm -rf $(VENV) build dist pipeline/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find pipeline tests -name __pycache__ -type d -prune -exec rm -rf {} +
