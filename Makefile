# Two commands on a fresh machine: `make run` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# New ones show what a build backend tells packagers
PIP    := PYTHONWARNINGS=ignore::UserWarning $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
RUNTIME := $(VENV)/.installed
TOOLS   := $(VENV)/.installed-dev
TORCH   := $(VENV)/.installed-torch

.PHONY: help run watch env up down dashboards compose test test-airflow check format lint types test-torch train evaluate cross-validate bench clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 1; }
# Older ones take lxml's extra html-clean for another than html_clean, and warn
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=23.3'

$(RUNTIME): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up $(VENV) (once, about a minute) ..."
	@$(PIP) --editable .
	@touch $@

$(TOOLS): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up $(VENV) with the test tools (once, two minutes) ..."
	@$(PIP) --editable '.[dev,postgres,elasticsearch,airflow]'
	@touch $@ $(RUNTIME)

$(TORCH): $(TOOLS)
	@echo "installing torch (about 5 GB with its CUDA libraries) ..."
	@$(PIP) --editable '.[dev,postgres,elasticsearch,airflow,torch]'
	@touch $@

run: $(RUNTIME) ## set up, then one cycle over feeds.toml (some failing feeds count as success)
	@$(BIN)/ceasefire run --or-sample || test $$? -eq 1

watch: $(RUNTIME) ## set up, then cycle after cycle until Ctrl-C
	@$(BIN)/ceasefire watch

env: ## write .env with fresh random secrets for docker-compose.yml (keeps what is there)
	@$(PYTHON) deploy/make_env.py

up: .env compose ## start the production stack, wait until it is healthy, apply the dashboards
	@docker compose up --build --detach --wait --wait-timeout 900
	@docker compose run --rm dashboards
	@docker compose ps

dashboards: .env compose ## apply kibana/ to the running Kibana again
	@docker compose run --rm --build dashboards

down: .env compose ## stop the production stack; volumes stay
	@docker compose --profile '*' down

compose:
	@command -v docker >/dev/null || { echo "docker is not installed; https://docs.docker.com/engine/install/ says how" >&2; exit 2; }
	@docker compose version >/dev/null 2>&1 || { echo "docker is here, its compose plugin is not: install docker-compose-plugin (packages of Docker), docker-compose-v2 (Ubuntu) or docker-compose of version 2 (Debian 13)" >&2; exit 2; }

.env:
	@echo "no .env yet: run \`make env\` and look at it" >&2; exit 2

test: $(TOOLS) ## every behaviour test that needs no torch
	@$(BIN)/python -m pytest -n 2 --dist loadfile --ignore=tests/airflow_live

test-airflow: $(TOOLS) ## the production schedule on a real Airflow: killed, retried, doubled (2 to 8 minutes)
	@$(BIN)/python -m pytest tests/airflow_live

check: format lint types ## what CI checks besides the tests

format: $(TOOLS) ## is everything formatted? (`ruff format .` does it)
	@$(BIN)/ruff format --check .

lint: $(TOOLS) ## ruff's rules and the direction of imports
	@$(BIN)/ruff check .

types: $(TOOLS) ## mypy, strict, over pipeline/ and classifiers/
	@$(BIN)/mypy

test-torch: $(TORCH) ## the tests of the huggingface and zero-shot backends
	@$(BIN)/python -m pytest -m torch

train: $(TORCH) ## rebuild the shipped model (under 90 minutes on 2 cores)
	@$(BIN)/python -m classifiers.training.train

cross-validate: $(TORCH) ## out-of-fold scores, from which the thresholds come
	@$(BIN)/python -m classifiers.training.cross_validate

evaluate: $(TORCH) ## precision, recall and F1 on dev and on the held-out prose, with intervals
	@$(BIN)/python -m classifiers.training.evaluate
	@$(BIN)/python -m classifiers.training.positions evaluate

bench: $(TOOLS) ## the benchmarks behind the README's table
	@for file in benchmarks/*.py; do case $$file in */__init__.py) ;; *) $(BIN)/python -m $$(echo $${file%.py} | tr / .) || exit 1;; esac; done

clean: ## remove the virtual environment and caches (never a database)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
