# `make help` lists the targets. Everything is installed into .venv, from the lock files.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
# Most tests wait for something: more of them than cores at once are faster.
JOBS ?= 4
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || \
	command -v google-chrome || command -v google-chrome-stable)

# Where pip-audit asks; it would wait long for an answer that cannot come.
reach := import urllib.request as r; r.urlopen('https://pypi.org/pypi/pip/25.0/json', timeout=3)

.DEFAULT_GOAL := help
.PHONY: help demo run test storm bench pictures check lock clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## try the bot in the browser: no account, no token, no money
	@$(BIN)/python -m bot demo

run: $(VENV)/.runtime ## the real bot, with TELEGRAM_TOKEN and KIE_API_KEY from .env
	@$(BIN)/python -m bot run

test: $(VENV)/.dev ## all tests, with branch coverage
	@if [ -n "$(CHROMIUM)" ]; then \
		$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term $(ARGS); \
	elif [ "$(CI)" = true ]; then \
		echo "make test: CI needs Chromium for the browser tests: install it." >&2; exit 1; \
	else \
		echo "make test: no Chromium found, so the browser tests are left out."; \
		$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term \
			-m "not browser" $(ARGS); \
	fi

storm: $(VENV)/.dev ## 300 jobs and 12 times kill -9, with faults all around: nothing may be lost
	@$(BIN)/python -m tests.storm --jobs 300 --kills 12 $(ARGS)

bench: $(VENV)/.dev ## how far from the limit: every measure against its baseline, a table at the end
	@$(BIN)/python -m tests.benchmarks $(ARGS)

pictures: $(VENV)/.dev ## take the pictures of the README anew
	@PICTURES=docs $(BIN)/python -m pytest -q tests/browser/test_pictures.py

check: $(VENV)/.dev ## style, types, the direction of imports, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if $(BIN)/python -c "$(reach)" 2>/dev/null; then \
		$(BIN)/pip-audit --progress-spinner off --timeout 15 --disable-pip --require-hashes \
			--requirement requirements-dev.lock; \
	else \
		echo "make check: pypi.org cannot be reached, so nobody looked for known vulnerabilities."; \
	fi

lock: ## choose versions anew and write both lock files
	@$(find_python); "$$python" -m venv --clear build/lock
	@build/lock/bin/python -m pip --disable-pip-version-check --quiet install 'uv>=0.9'
	$(call compile,requirements-dev.lock,--upgrade --extra dev)
	$(call compile,requirements.lock,--constraint requirements-dev.lock)

clean: ## remove what make made; data and .env stay
	rm -rf $(VENV) build dist .coverage htmlcov .hypothesis .*_cache *.egg-info
	find bot handlers storage tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.runtime: requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.runtime $@ # the one lock holds all of the other

define install
	@$(find_python); [ -x $(BIN)/python ] || "$$python" -m venv $(VENV)
	@echo "Installing from $(1) into $(VENV) …" >&2
	@$(PIP) install --require-hashes -r $(1)
	@$(PIP) install --no-deps -e .
endef

define compile
	@build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-annotate --custom-compile-command "make lock" --output-file $(1) $(2) pyproject.toml
endef

define find_python
python=; \
for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
		2>/dev/null; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
	echo "Veogram needs Python 3.11 or newer with venv. On Debian or Ubuntu: apt-get install" \
		"python3-venv. If it lies elsewhere: make PYTHON=/path/to/python3 …" >&2; \
	exit 1; \
fi
endef
