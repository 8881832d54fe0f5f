# Every target makes its environment (.venv) and installs only what it lacks; `make` alone lists the targets.
# On Windows: see "Without make" in CONTRIBUTING.md.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
PY := $(VENV)/bin/python
CRM := $(PY) -m crm_lib.cli
PINNED := pyproject.toml constraints.txt
# -n: two workers; loadfile keeps the tests of one file, and the cells of one notebook, in one worker
PYTEST := -m pytest -n $(JOBS) --dist loadfile
UNIT_ONLY := --ignore=tests/reference --ignore=tests/guards --ignore=tests/browser --ignore-glob='tests/test_house_*'
# Spark is a big download; without it the tests on Spark are skipped, which CRM_REQUIRE_ALL=1 forbids
TEST_STAMPS := $(VENV)/.stamp-test $(if $(filter 1,$(CRM_REQUIRE_ALL)),$(VENV)/.stamp-spark)
WHEELHOUSE_EXTRAS ?= tour,lab,link,teach,store,test

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help reports test test-slow check notebooks reference lab wheelhouse constraints environment clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

reports: $(VENV)/.stamp-tour ## render every notebook into reports/
	@$(CRM) render --out reports --jobs $(JOBS)
	@echo "$(CURDIR)/reports/index.html"

test: $(TEST_STAMPS) .venv-pandas2/.stamp ## run the quick tests, the reference notebooks, and the unit tests on pandas 2
	@mkdir -p build/tests; failed=; \
	$(PY) $(PYTEST) -m "not slow" --doctest-modules --ignore=tests/reference --junitxml=build/tests/quick.xml \
	    crm_lib tests || failed="$$failed quick"; \
	$(PY) $(PYTEST) --nbval-lax --nbval-current-env --junitxml=build/tests/reference.xml \
	    tests/reference || failed="$$failed reference"; \
	.venv-pandas2/bin/python $(PYTEST) -m "not slow" $(UNIT_ONLY) --junitxml=build/tests/pandas2.xml \
	    tests || failed="$$failed pandas2"; \
	test -z "$$failed" || { echo "make test: failed:$$failed" >&2; exit 1; }

test-slow: $(TEST_STAMPS) $(VENV)/.stamp-spark ## run the slow tests: guards, kill rates, hostile files, simulations
	@mkdir -p build/tests
	@$(PY) $(PYTEST) -m slow --ignore=tests/reference --junitxml=build/tests/slow.xml tests

check: $(VENV)/.stamp-test ## lint, format, import directions, spelling, notebooks up to date
	@failed=; \
	$(VENV)/bin/ruff check . || failed="$$failed ruff-check"; \
	$(VENV)/bin/ruff format --check . || failed="$$failed ruff-format"; \
	$(VENV)/bin/lint-imports || failed="$$failed lint-imports"; \
	$(VENV)/bin/codespell || failed="$$failed codespell"; \
	$(PY) tools/make_environment.py --check || failed="$$failed environment"; \
	$(CRM) build --check || failed="$$failed build"; \
	test -z "$$failed" || { echo "make check: failed:$$failed" >&2; exit 1; }

notebooks: $(VENV)/.stamp-tour ## build the student notebooks from notebooks/src
	@$(CRM) build

reference: $(VENV)/.stamp-test ## run the teacher notebooks and rewrite tests/reference
	@$(PY) tools/make_reference.py

lab: $(VENV)/.stamp-lab ## open a copy of the notebooks (in work/) in JupyterLab
	@$(PY) tools/copy_notebooks.py
	@$(PY) -m jupyterlab --notebook-dir=work $(LAB_ARGS)

wheelhouse: $(VENV)/.stamp-venv ## fetch every wheel into wheelhouse/, for installing without a network
	@$(PY) tools/make_wheelhouse.py $(WHEELHOUSE_EXTRAS)

constraints: $(VENV)/.stamp-all ## rewrite constraints.txt from .venv
	@$(PY) tools/make_constraints.py

environment: $(VENV)/.stamp-venv ## rewrite environment.yml (conda) from pyproject.toml
	@$(PY) tools/make_environment.py

clean: ## remove what builds and tests leave (not reports/, not work/)
	@rm -rf build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## remove the environments too
	@rm -rf $(VENV) .venv-pandas2

$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	    echo "make: needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) -V 2>&1 | head -1)." >&2; \
	    echo "      Name another one, for example: make PYTHON=python3.12 reports" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "make: $(PYTHON) cannot make environments. Install it with: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(PY) || { echo "making $(VENV) with $$($(PYTHON) -V)"; $(PYTHON) -m venv $(VENV); }
	@touch $@

# One rule for every extra; the stamps of the extras it contains are set too.
$(VENV)/.stamp-%: $(PINNED) $(VENV)/.stamp-venv
	@$(PY) tools/install.py $*
	@case $* in \
	    tour) touch $(VENV)/.stamp-link $(VENV)/.stamp-text ;; \
	    lab) touch $(VENV)/.stamp-tour $(VENV)/.stamp-store ;; \
	    test) touch $(VENV)/.stamp-tour $(VENV)/.stamp-store $(VENV)/.stamp-teach $(VENV)/.stamp-journey ;; \
	    teach) touch $(VENV)/.stamp-tour ;; \
	    all) for extra in tour lab link text teach store spark journey reviews test; do touch $(VENV)/.stamp-$$extra; done ;; \
	esac
	@touch $@

.venv-pandas2/.stamp: constraints.txt tools/make_pandas2.py $(VENV)/.stamp-test
	@$(PY) tools/make_pandas2.py
	@touch $@
