# `make demo`: the main job on the bundled sample. `make test`: all checks and tests.
# Both build .venv on the first call and reuse it afterwards. Needs Python 3.11 or 3.12 with pip and venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

SELDOM := /tests?/|/testing/|/(sympy|setuptools|pip)/|transformers/models/|torch/(_inductor|onnx)/|ray/(data|llm|rllib|serve|train|tune)/

# Where an environment forbids it, each of a thousand processes would compile the program anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check docs site coverage release lock benchmark clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	rm -rf $(DEMO)  # of an earlier version, perhaps
	$(BIN)/medcutmix sample $(DEMO)/sample --studies 300
	$(BIN)/medcutmix augment $(DEMO)/sample $(DEMO)/run
	$(BIN)/medcutmix verify $(DEMO)/run --deep
	$(BIN)/medcutmix inspect $(DEMO)/run --html $(DEMO)/report.html
	@echo "Open $(DEMO)/report.html in a browser."

# Beside the checks, which keep one CPU busy, the other compiles what will be imported.
# In a process more than there are CPUs (tests/conftest.py), four at most: each holds torch and spaCy, about 1 GB.
test: $(VENV)/.development
	$(MAKE) --no-print-directory --jobs 2 check $(VENV)/.compiled
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: $(VENV)/.development
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Rewrite the parts of the docs that come from the program (the tests fail when they are stale).
docs: $(VENV)/.development
	$(BIN)/python -m tests.docs
	$(BIN)/python -m tools.licences

# The docs as pages to click through, in .site: open .site/index.html. A warning ends it. Without the network, made and read.
site: $(VENV)/.development
	rm -rf .site
	$(BIN)/python -m sphinx --fail-on-warning --quiet -c docs . .site

# Which lines the tests run, on the terminal and in .coverage-html. Slower than `make test`.
coverage: $(VENV)/.compiled
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet
	$(BIN)/coverage report

# Before a release: one version everywhere, a wheel that installs in a clean environment, the README's commands from it, and
# dist/medcutmix-VERSION.cdx.json, the bill of materials of this one.
release: $(VENV)/.development
	$(BIN)/python -m tools.release

# The pinned versions with the hashes of their files, for `pip install --require-hashes`. Needs the network and uv.
lock:
	for python in 3.11 3.12; do \
	  uv pip compile pyproject.toml $(foreach extra,encoders gdcm huggingface ray,--extra $(extra)) \
	    --constraint constraints.txt --generate-hashes --python-version $$python --no-header --no-annotate --quiet \
	    --output-file locks/python-$$python.txt || exit 1; \
	done

# Long measurements, by hand; the tables are kept in tests/benchmarks/RESULTS.md. One of them: make benchmark ONLY=memory ROUNDS=5
benchmark: $(VENV)/.development
	$(BIN)/python -m tests.benchmarks.speed $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WORK),--work $(WORK))

$(VENV)/.python: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13) and "medcutmix needs Python 3.11 or 3.12: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.runtime: $(VENV)/.python
	$(PIP) --editable .
	touch $@

$(VENV)/.development: $(VENV)/.python
	$(PIP) --no-compile --editable '.[dev]'
	touch $@

# pip compiles all of 20,000 files, one after the other; left out is what is hardly imported: compiled then, if at all.
$(VENV)/.compiled: $(VENV)/.development
	$(BIN)/python -W ignore -m compileall -q -x '$(SELDOM)' $(VENV)/lib medcutmix_cli tools
	touch $@

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* .coverage-html
