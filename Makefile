# Every command makes its own environment first; nothing but Python 3.11 or newer is needed.
# VENV=FOLDER takes another one: `make demo VENV=build/wheel` runs the demo of the installed wheel.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WHEEL := build/wheel
# The versions that were tried together. `make lock` renews them.
LOCKED := --constraint requirements.lock
EVERYTHING := all,examples,ray,readers,remote,slow

# 0 means that pip compiles nothing (it reads this variable backwards). Few of the modules are ever
# imported, and Python compiles one when it first is.
export PIP_NO_COMPILE := 0
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all test-oldest lock slow examples browser check style types imports format package bench docs clean

demo: $(VENV)/installed
	rm -rf demo
	$(BIN)/getam demo --out demo

test: $(VENV)/installed
	$(BIN)/python -m pytest --numprocesses auto --ignore tests/examples

# What lies in examples/ runs too: the notebook from top to bottom, the programs on a few photos.
# With everything there, the tests also read exports through the readers of other tools.
test-all: $(VENV)/everything test slow examples

slow: $(VENV)/everything
	$(BIN)/python -m pytest -m slow --numprocesses auto

examples: $(VENV)/everything
	$(BIN)/python -m pytest tests/examples
	$(BIN)/jupyter-execute --kernel_name=python3 examples/quickstart.ipynb

# The tests of pages drive a real browser. Without one they are skipped, or fail where CI is set.
browser:
	@command -v chromium chromedriver > /dev/null || \
		{ apt-get update -qq && apt-get install -y -qq chromium chromium-driver; }

check: style types imports docs

style: $(VENV)/installed
	$(BIN)/ruff format --check src tests benchmarks examples docs
	$(BIN)/ruff check src tests benchmarks examples docs

types: $(VENV)/installed
	$(BIN)/mypy

imports: $(VENV)/installed
	$(BIN)/lint-imports

format: $(VENV)/installed
	$(BIN)/ruff format src tests benchmarks examples docs
	$(BIN)/ruff check --fix src tests benchmarks examples docs

# What would be published, tried in an environment of its own that holds the wheel without extras.
package: $(VENV)/installed
	rm -rf dist $(WHEEL)
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/pip install --quiet $(LOCKED) dist/*.whl
	touch $(WHEEL)/installed
	$(WHEEL)/bin/python -I tests/published/try_wheel.py

bench: $(VENV)/installed
	$(BIN)/pip install --quiet $(LOCKED) --editable ".[all,bench]"
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/crf.py

docs: $(VENV)/installed
	$(BIN)/sphinx-build -W -q -b html docs docs/_build

# The newest versions of everything, tried together from now on.
lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --upgrade pip
	build/lock/bin/pip install --quiet --editable ".[$(EVERYTHING)]"
	sed '/^#/!d' requirements.lock > build/lock/head
	build/lock/bin/pip freeze --exclude-editable | cat build/lock/head - > requirements.lock

# The oldest torch, torchvision and timm that pyproject.toml allows, with the newest of the rest.
# torch 2.6 is a download of three gigabytes, so this is done by hand and not before every change.
test-oldest:
	$(PYTHON) -m venv build/oldest
	build/oldest/bin/pip install --quiet torch==2.6.0 torchvision==0.21.0 timm==1.0.20 \
		--editable ".[dev]"
	build/oldest/bin/python -m pytest --ignore tests/published $(OLDEST)

$(VENV)/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet $(LOCKED) --editable ".[all]"
	touch $@

$(VENV)/everything: $(VENV)/installed
	$(BIN)/pip install --quiet $(LOCKED) --editable ".[$(EVERYTHING)]"
	touch $@

clean:
	rm -rf $(VENV) build dist docs/_build demo
