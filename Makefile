# Two commands do all the set-up on a machine with Python 3.11: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8080
BIN := .venv/bin
CLIENTS := tests/scheduler/clients

.PHONY: env demo test check coverage clean

env: .venv/installed

.venv/installed: pyproject.toml constraints.txt $(CLIENTS)/package-lock.json
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	command -v npm > /dev/null || \
	  $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[node]'
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --no-audit --no-fund --prefix $(CLIENTS)
	touch $@

demo: env
	$(BIN)/python -m examples.demo --port $(PORT)

test: env
	$(BIN)/pytest -n auto

# What .ci/run asks besides the tests.
check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# School time and the rulebook are covered branch by branch.
coverage: env
	$(BIN)/pytest -n auto --cov=calendars --cov=scheduler.conflicts --cov-branch \
	  --cov-report=term-missing:skip-covered --cov-fail-under=100 \
	  tests/calendars tests/scheduler/conflicts tests/scheduler/test_busy_time.py \
	  tests/scheduler/test_local_words.py tests/scheduler/test_schools.py

clean:
	rm -rf .venv build demo *.egg-info
