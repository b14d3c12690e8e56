# Few verbs; each sets up the environment by itself. Needs Python 3.11 or newer, make and git.
#
#   make demo       servers, synthetic learners, the graph, five answers
#   make dev        servers and the Dagster UI on the demo source, until Ctrl-C
#   make test       all tests, on real servers of their own
#   make check      lint, format, types, tests: what CI runs
#   make fix        format, and mend what lint can mend
#   make benchmark  seconds and memory of each stage beside the floor (ROWS=200000)

.PHONY: demo dev test lint check fix benchmark
.DEFAULT_GOAL := demo

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	&& echo "$$each" && break; done)
UV_VERSION := 0.13.8
UV := .uv/bin/uv
READY := .venv/.ready
RUN := .venv/bin
ROWS ?= 200000

demo: $(READY)
	$(RUN)/kweli demo

dev: $(READY)
	$(RUN)/kweli dev

test: $(READY)
	$(RUN)/pytest

lint: $(READY)
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/mypy
	VIRTUAL_ENV="$(CURDIR)/.venv" DAGSTER_DISABLE_TELEMETRY=1 $(RUN)/dg check defs

check: lint test

fix: $(READY)
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

benchmark: $(READY)
	$(RUN)/kweli benchmark --rows $(ROWS)

# The locked packages into .venv; again only when the lock changes.
$(READY): uv.lock pyproject.toml $(UV)
	UV_PYTHON_DOWNLOADS=never $(UV) sync --locked --quiet --python .uv/bin/python
	@touch $@

# uv itself, into a folder of its own: nothing outside the clone is touched.
$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed; none was found." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python can't make" \
		"environments: install its venv module (Debian, Ubuntu: python3-venv)." >&2; exit 1; }
	"$(PYTHON)" -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
