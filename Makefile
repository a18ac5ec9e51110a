.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.from-lock
# Where an image sets it, every process of the tests would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE
# Libraries bring plugins for pytest, which every process of the tests would load; no test needs these.
PYTEST := $(BIN)/pytest -p no:schemathesis -p no:valkey -p no:anyio -p no:platformdirs
# Two parts at a time, each a process that collects its own tests alone: workers that share tests collect all of them,
# each. The longest come first. What a part says is printed when it ends, where make can do that.
PARTS := $(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
SLOW = $(PYTEST) -m slow $$(grep -rl --include='test_*.py' 'mark\.slow' $(1))
# Mostly waiting, so there are more of them than cores. What fails is tried once more, alone: on a busy machine a
# fast pretended clock can outrun the processes.
INTEGRATION := $(PYTEST) tests/integration

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## make .venv from the lock file (the other targets do it by themselves)

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "callbeat needs Python 3.11 or later: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## recurring campaigns on three pretended providers, from YAML to finished calls, in 75 seconds
	@$(BIN)/callbeat demo

browser: ## Debian's chromium and promtool, which no wheel has, for the tests (apt-get, as root; once)
	@tests/browser/install

test: ## everything: make check, long unit tests, contract tests, integration tests on real processes, a real browser
	@$(MAKE) --no-print-directory -j 2 setup browser
	@$(MAKE) --no-print-directory check
	@$(PARTS) simulation-crashes slow-rest pages contract-rest simulation-stories contract-sandbox postgresql slow-runs
	$(INTEGRATION) -n 8 --dist load --maxschedchunk 1 || $(INTEGRATION) --last-failed --last-failed-no-failures none

SEEDS ?= 20
simulate: $(STAMP) ## long simulations with faults, two at a time: make simulate SEEDS=20
	@seq $(SEEDS) | xargs -P 2 -I{} sh -c '$(BIN)/python -m tests.simulation --seed {} --campaigns 8 --days 4 2>/dev/null || exit 255'

simulate-year: $(STAMP) ## one seed, 200 campaigns of two weeks each, a year
	$(BIN)/python -m tests.simulation --seed 1 --campaigns 200 --days 365 --lives 14

crash-points: $(STAMP) ## a crash at every point of every story (the tests take most places in the code once)
	CRASH_POINTS=1 $(PYTEST) tests/simulation/test_crash_points.py -n 2 --dist worksteal

check: $(STAMP) ## the fast part: lint, types, import rules, unit tests
	@$(PARTS) lint quick-rest quick-runs

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

quick-rest: $(STAMP)
	$(PYTEST) tests/unit --ignore tests/unit/runs -m "not slow"

quick-runs: $(STAMP)
	$(PYTEST) tests/unit/runs -m "not slow"

slow-rest: $(STAMP)
	$(call SLOW,tests/unit --exclude-dir=runs)

slow-runs: $(STAMP)
	$(call SLOW,tests/unit/runs)

postgresql: $(STAMP)
	CALLBEAT_TEST_LEDGER=postgresql $(PYTEST) tests/unit/ledger tests/unit/runs tests/unit/doctor/test_database.py -m "not slow"

contract-rest: $(STAMP)
	$(PYTEST) tests/contract --ignore tests/contract/sandbox

contract-sandbox: $(STAMP)
	$(PYTEST) tests/contract/sandbox

pages: $(STAMP)
	$(PYTEST) tests/browser

simulation-crashes: $(STAMP)
	$(PYTEST) tests/simulation/test_crash_points.py

simulation-stories: $(STAMP)
	$(PYTEST) tests/simulation --ignore tests/simulation/test_crash_points.py

fuzz: $(STAMP) ## bad input at random, TIMES=30 as often as in the tests: files, answers, requests, commands
	FUZZ=$(or $(TIMES),30) $(PYTEST) $$(grep -rl --include='test_*.py' '^from tests.trying' tests) -n 2 --dist worksteal

GENERATED := callbeat.providers.table:docs/providers.md callbeat.settings_page:config/.env.example \
  callbeat.settings_table:docs/settings.md callbeat.campaigns.keys_page:docs/campaign-keys.md \
  callbeat.ledger.states_page:docs/states.md cli.commands_page:docs/commands.md
docs: $(STAMP) ## the pages that are generated from code
	@for page in $(GENERATED); do \
	  $(BIN)/python -m $${page%:*} > $${page#*:}.new && mv $${page#*:}.new $${page#*:} || exit; \
	done
	$(BIN)/python -m callbeat.metrics_page docs/metrics.md > docs/metrics.md.new && mv docs/metrics.md.new docs/metrics.md

pictures: $(STAMP) browser ## the pictures of the dashboard in docs/pictures
	@mkdir -p docs/pictures
	PICTURES=$(CURDIR)/docs/pictures $(PYTEST) tests/browser/test_pictures.py

site: $(STAMP) ## the pages as a site, in var/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: ## renew the lock files from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra remote --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra remote --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock

MINUTES ?= 4
storm: $(STAMP) ## real processes killed, paused and emptied while runs go on (MINUTES=4 SEED=n)
	$(BIN)/python -m tests.storm --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

bench: $(STAMP) ## how fast it is, beside others in the same run: a table, and var/bench.json (ONLY=name, SMALL=1)
	$(BIN)/python -m bench --json var/bench.json $(if $(ONLY),--only $(ONLY)) $(if $(SMALL),--small)

compose-test: ## docker-compose.yml for real, with the sandbox (needs docker; 10 to 20 minutes)
	@$(PYTHON) tests/compose/compose_test.py

clean: ## remove .venv and what runs leave in var/
	rm -rf .venv var

.PHONY: help setup pictures browser demo test simulate simulate-year crash-points storm fuzz bench check lint quick-rest quick-runs slow-rest \
  slow-runs postgresql contract-rest contract-sandbox pages simulation-crashes simulation-stories docs site lock compose-test clean
