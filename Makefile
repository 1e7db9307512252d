# Every routine command. CI calls these targets and nothing else.
#
# Each target first sets up what it needs in .venv, once: a stamp in .venv/stamps says what is
# there, so a second run installs nothing and needs no network.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
BUILD := build
# Python to make .venv with; empty: the first of the usual names that is 3.11 or newer.
PYTHON ?=
# Anything more for pytest: make test ARGS="-k zip"
ARGS ?=
# Older releases whose files are tested; `tf_keras` is Keras 2. Before joblib 0.17 none runs on
# Python 3.11.
OLDER := joblib==0.17.0 joblib==1.0.1 joblib==1.1.1 joblib==1.2.0 joblib==1.4.2 \
  keras==3.3.3 keras==3.6.0 keras==3.9.2 keras==3.12.1 tf_keras==2.21.0
# Makers whose libraries need older releases of what the others use, so each has a folder of its own.
MXNET := mxnet==1.9.1 numpy==1.23.5 onnx==1.17.0 protobuf==4.25.4
RKNN := rknn-toolkit2==2.5.0 fast-histogram==0.14 numpy==1.26.4 onnx==1.17.0 onnxruntime==1.18.1 \
  opencv-python-headless==4.11.0.86 protobuf==4.25.4 ruamel.yaml==0.19.1 scipy==1.17.1 \
  setuptools==79.0.1
MINDSPORE := mindspore==2.10.0 asttokens==3.0.2 astunparse==1.6.3 dill==0.4.1 numpy==2.4.6 \
  protobuf==7.36.2 psutil==7.2.2 six==1.17.0
TVM := apache-tvm==0.27.0.post1 apache-tvm-ffi==0.1.15.post2 ml-dtypes==0.6.0 numpy==2.4.6
TENSORFLOW_JS := @tensorflow/tfjs@4.22.0
# Seconds for each target of make fuzz.
FUZZ_SECONDS ?= 3600

PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# -- setting up ----------------------------------------------------------------------------------

define FIND_PYTHON
for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
      >/dev/null 2>&1; then found="$$candidate"; break; fi; \
done; \
if [ -z "$${found:-}" ]; then \
  echo "Weighbridge needs Python 3.11 or newer with its venv module" \
    "(on Debian and Ubuntu: the packages python3 and python3-venv)." >&2; exit 1; \
fi
endef

$(STAMPS)/venv:
	@$(FIND_PYTHON); \
	if ! $(PY) -m pip --version >/dev/null 2>&1; then \
	  echo "making $(VENV) with $$("$$found" --version)"; rm -rf $(VENV); "$$found" -m venv $(VENV); \
	fi
	@mkdir -p $(STAMPS) && touch $@

# pip asks no registry for what is installed already in the pinned version.
$(STAMPS)/%: requirements/%.txt $(STAMPS)/venv
	@echo "installing requirements/$*.txt"
	@$(PIP) -r requirements/$*.txt
	@touch $@

$(STAMPS)/test: requirements/runtime.txt requirements/hubs.txt
$(STAMPS)/frameworks: requirements/runtime.txt requirements/hubs.txt requirements/test.txt

# Releases of one library cannot stand beside each other, so each gets a folder that its test names.
$(STAMPS)/older: $(STAMPS)/frameworks
	@echo "installing older releases"
	@for release in $(OLDER); do \
	  $(PIP) --no-deps --upgrade --target "$(VENV)/older/$$release" "$$release"; \
	done
	@touch $@

# The package itself, with the machine compiled in place; again when something compiled changes.
$(STAMPS)/package: pyproject.toml setup.py src/weighbridge/__init__.py \
		src/weighbridge/formats/pickle/machine.py src/weighbridge/formats/pickle/machine.pxd \
		$(STAMPS)/build $(STAMPS)/runtime
	@echo "compiling the pickle machine"
	@rm -f src/weighbridge/formats/pickle/machine.*.so
	@$(PIP) --no-build-isolation --no-deps --editable .
	@$(BIN)/weighbridge --version
	@touch $@

.PHONY: setup
setup: $(STAMPS)/package $(STAMPS)/test ## Make .venv with pinned dependencies and compile

# -- checking ------------------------------------------------------------------------------------

.PHONY: test
test: setup ## Pass the tests; those of libraries that are missing skip themselves
	@$(PY) -m pytest --ignore=tests/platform --ignore=tests/services $(ARGS)

.PHONY: test-frameworks
test-frameworks: setup $(STAMPS)/frameworks $(STAMPS)/older ## The same tests with torch and the other heavy libraries
	@$(PY) -m pytest --ignore=tests/platform --ignore=tests/services $(ARGS)

# Three gigabytes, so these libraries have a folder of their own, and no other target asks for them.
# One process each: what they bring in native code does not go together.
$(STAMPS)/makers: requirements/makers.txt $(STAMPS)/frameworks
	@echo "installing requirements/makers.txt and makers that need older releases"
	@rm -rf "$(VENV)/makers" "$(VENV)/mxnet" "$(VENV)/rknn" "$(VENV)/mindspore" "$(VENV)/tvm" \
	  "$(VENV)/tensorflow-js"
	@$(PIP) --no-deps --target "$(VENV)/makers" -r requirements/makers.txt
	@$(PIP) --no-deps --target "$(VENV)/mxnet" $(MXNET)
	@$(PIP) --no-deps --target "$(VENV)/rknn" $(RKNN)
	@$(PIP) --no-deps --target "$(VENV)/mindspore" $(MINDSPORE)
	@$(PIP) --no-deps --target "$(VENV)/tvm" $(TVM)
	@if command -v npm >/dev/null; then \
	  npm install --silent --no-save --prefix "$(VENV)/tensorflow-js" $(TENSORFLOW_JS); \
	else echo "npm is not installed, so TensorFlow.js is left out"; fi
	@touch $@

.PHONY: test-makers
test-makers: setup $(STAMPS)/makers ## What the libraries save that are too large for every run
	@makers="$(PY) -m pytest tests/formats/test_makers.py $(ARGS)"; \
	for maker in CatBoost Flax Orbax Paddle; do \
	  PYTHONPATH="$(VENV)/makers" $$makers -k $$maker || exit 1; \
	done; \
	PYTHONPATH="$(VENV)/mxnet" $$makers -p no:zarr -k MXNet && \
	PYTHONPATH="$(VENV)/rknn" $$makers -p no:zarr -k RKNN && \
	PYTHONPATH="$(VENV)/mindspore" $$makers -k MindSpore && PYTHONPATH="$(VENV)/tvm" $$makers -k TVM && \
	NODE_PATH="$(VENV)/tensorflow-js/node_modules" $$makers -k tensorflow_js

# On SQLite; on PostgreSQL when WEIGHBRIDGE_TEST_DATABASE_URL names a server.
.PHONY: test-platform
test-platform: setup $(STAMPS)/platform ## The tests of the platform
	@$(PY) -m pytest tests/platform tests/advisories_lookup tests/cli \
	  --ignore=tests/platform/browser $(ARGS)

# Debian's Chromium does it; without it the tests skip themselves and say so. Pictures of every page
# go to build/screenshots.
.PHONY: test-browser
test-browser: setup $(STAMPS)/platform $(STAMPS)/browser ## The pages of the platform in a browser
	@$(PY) -m pytest tests/platform/browser $(ARGS)

# Starts servers of its own on free ports; without RabbitMQ or PostgreSQL the tests skip themselves.
.PHONY: test-services
test-services: setup $(STAMPS)/platform ## Faults of workers, RabbitMQ, PostgreSQL and hubs, with real servers
	@$(PY) -m pytest -p no:django -p no:randomly tests/services $(ARGS)

.PHONY: lint
lint: $(STAMPS)/lint ## Style, with ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: $(STAMPS)/lint ## Bring the code into the form that lint wants
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: types
types: $(STAMPS)/lint $(STAMPS)/runtime $(STAMPS)/platform ## Types, with mypy --strict
	@$(BIN)/mypy

.PHONY: contracts
contracts: $(STAMPS)/lint ## Which layer may import which
	@PYTHONPATH=src $(BIN)/lint-imports --no-cache --no-logo

.PHONY: eval
eval: setup $(STAMPS)/frameworks ## Recall per technique and false alarms per framework, against the table that is kept
	@$(PY) -m evals
	@$(PY) -m evals.repositories

.PHONY: bench
bench: setup $(STAMPS)/bench ## Speed and size, against their targets
	@$(PY) benchmarks/run.py $(ARGS)

# make bench-scale ARGS="--models 1000 --workers 1,2,4,8" takes about an hour on two processors.
.PHONY: bench-scale
bench-scale: setup $(STAMPS)/platform ## How the platform grows with its workers, on servers of its own
	@$(PY) benchmarks/scale.py $(ARGS)

# Each file of tests/fuzz named fuzz_*.py is one target and takes libFuzzer's flags.
define FUZZ
targets=(tests/fuzz/fuzz_*.py); \
if [ ! -e "$${targets[0]}" ]; then echo "there are no targets in tests/fuzz" >&2; exit 1; fi; \
for target in "$${targets[@]}"; do \
  name=$$(basename "$$target" .py); echo "fuzzing $$name"; mkdir -p "$(BUILD)/fuzz/$$name"; \
  $(PY) "$$target" -max_total_time=$(1) -timeout=30 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$(BUILD)/fuzz/$$name-" "$(BUILD)/fuzz/$$name" >"$(BUILD)/fuzz/$$name.log" 2>&1 \
    || { tail -n 50 "$(BUILD)/fuzz/$$name.log"; exit 1; }; \
  grep -E '^stat::(number_of|peak)' "$(BUILD)/fuzz/$$name.log"; \
done
endef

.PHONY: fuzz
fuzz: setup $(STAMPS)/fuzz ## Fuzz each target for an hour (FUZZ_SECONDS=...)
	@$(call FUZZ,$(FUZZ_SECONDS))

.PHONY: fuzz-short
fuzz-short: setup $(STAMPS)/fuzz ## Fuzz all targets for a minute together
	@$(call FUZZ,$$((60 / $${#targets[@]})))

# -- showing -------------------------------------------------------------------------------------

.PHONY: demo
demo: setup $(STAMPS)/platform ## Save honest and booby-trapped models, scan them, and run a registry
	@$(PY) demo/run.py $(BUILD)/demo

.PHONY: docs
docs: setup ## Write the generated pages of docs/ again
	@$(PY) docs/generate.py

.PHONY: docs-check
docs-check: setup ## Fail when a generated page is out of date or a link leads nowhere
	@$(PY) docs/generate.py --check

.PHONY: clean
clean: ## Remove .venv, what was built, and caches
	@rm -rf $(VENV) $(BUILD) dist .hypothesis .mypy_cache .pytest_cache .ruff_cache \
	  src/weighbridge.egg-info
	@rm -f src/weighbridge/formats/pickle/machine.*.so
	@find src tests benchmarks demo docs -name __pycache__ -type d -prune -exec rm -rf {} +
