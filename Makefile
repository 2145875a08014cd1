# One word for each chore; CI uses the same words.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOST := $(or $(FACET_HOST),127.0.0.1)
PORT := $(or $(FACET_PORT),8501)
# A process for each core; a file's tests stay together, for what they share is made once.
BY_FILE := --maxprocesses 8 --dist loadfile --no-loadscope-reorder
SIDE_BY_SIDE := -n logical $(BY_FILE)
# Journeys wait for pages now and then, so there is one more than cores; with more they only wait for each other.
IN_BROWSERS := -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) $(BY_FILE)

.PHONY: run test nightly coverage check e2e bench screenshots format migrate worker hooks clean

run: $(VENV)/run.stamp $(VENV)/guesses.stamp
	@FACET_HOST=$(HOST) FACET_PORT=$(PORT) exec $(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT) \
		--server.fileWatcherType none --logger.level warning

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) -m "not nightly" --ignore=tests/e2e
	$(BIN)/python -m pytest -q $(IN_BROWSERS) -m "not nightly" tests/e2e

# What `make test` leaves out: the slow and rare tests.
nightly: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) -m nightly --ignore=tests/e2e
	$(BIN)/python -m pytest -q $(IN_BROWSERS) -m nightly tests/e2e

# How much of each subject all tests but the browser's reach; watching takes them three times as long.
coverage: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) --ignore=tests/e2e --cov --cov-report=
	$(BIN)/python -m tests.coverage_floors

check: $(VENV)/dev.stamp node_modules/.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	node_modules/.bin/tsc
	node_modules/.bin/eslint --max-warnings 0 pages
	@store=$$(mktemp -d) && export FACET_STORE_URL=sqlite:///$$store/check.db && \
		$(BIN)/alembic upgrade head && $(BIN)/alembic check; status=$$?; rm -rf $$store; exit $$status

e2e: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q $(IN_BROWSERS) tests/e2e

bench: $(VENV)/dev.stamp
	$(BIN)/python -m tests.bench

screenshots: $(VENV)/dev.stamp
	$(BIN)/python -m tests.e2e.screenshots docs/screenshots

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migrate: $(VENV)/run.stamp
	$(BIN)/python -c "from core.foundation.workspace import Workspace; Workspace.open()"

worker: $(VENV)/run.stamp
	$(BIN)/python -m core.jobs.worker

# Git then refuses a commit that the quick part of `make check` refuses.
hooks: $(VENV)/dev.stamp
	$(BIN)/pre-commit install

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache node_modules

# The stamps make a second start take seconds: nothing is installed again until the lists change.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Facet needs Python 3.11 ($(PYTHON) is not in PATH; set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

# What finds people and follows turned heads, where it can be had; asked for once, and nothing else needs it.
$(VENV)/guesses.stamp: $(VENV)/run.stamp
	@$(BIN)/python -m core weights fetch face-mesh || true
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/run.stamp

node_modules/.stamp: package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "make check needs Node 20 or later for the JavaScript (npm is not in PATH)"; exit 1; }
	npm ci --no-audit --no-fund
	touch $@
