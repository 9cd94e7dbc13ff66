# Gridcast. `make` lists what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# `make setup PYTHON=python3.12` chooses; without it the first suitable one is taken.
export PYTHON
# Processes that share the tests; each has a JVM of its own.
JOBS ?= 2
# What has a target of its own below.
LONGER := slow or aws or kills or fortnight or cluster or plants or fuzz

.PHONY: help demo test setup setup-system setup-s3 test-slow test-aws test-kills \
  test-fortnight test-cluster test-plants test-fuzz lint format docs lock \
  bench-accuracy clean lint-containers lint-terraform lint-workflows

help: ## This list
	@sed -n 's/^## //p; s/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' \
	  'NF == 1 { print "\n" $$1 } NF == 2 { printf "%-20s %s\n", $$1, $$2 }'

## Start here
demo: setup ## Set up, then run the main job offline on recorded data (ARGS=--fresh starts over)
	@$(BIN)/gridcast demo $(ARGS)

test: lint ## Set up, then check style, types, import rules, and run the tests
	$(BIN)/pytest -m "not ($(LONGER))" \
	  --numprocesses $(JOBS) --no-loadscope-reorder $(ARGS)

## Set-up
setup: ## Make .venv from requirements.lock and fetch the Delta jars; does nothing when done
	@deployments/setup/environment
	@$(BIN)/python -m gridcast.jars

setup-system: ## Debian, Ubuntu: install Java 17, Python and what tests use; elsewhere say how
	@deployments/setup/system-packages

clean: ## Remove what set-up, checks and tests made; the lakehouse folder stays
	rm -rf .venv .jars .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache *.egg-info spark-warehouse metastore_db derby.log

## Work on it
lint: setup ## Style, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-containers: setup ## Dockerfile and compose.yaml, by hadolint and Docker Compose; fetches both
	@deployments/checks/containers

lint-workflows: setup ## GitHub's workflows and the shell scripts: actionlint, zizmor, shellcheck
	@deployments/checks/workflows

lint-terraform: setup ## Check terraform/: format, tflint, checkov, validate and plan without an account
	@deployments/checks/terraform

format: setup ## Put every file into the house's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test-slow: setup ## The tests that take minutes
	$(BIN)/pytest -m slow $(ARGS)

test-kills: setup ## Kill every flow at more than 100 of its writes; an hour and more
	$(BIN)/pytest -m kills $(ARGS)

test-fuzz: setup ## 100,000 random bodies through clients and build; orders of arrival: an hour
	$(BIN)/pytest -m fuzz $(ARGS)

test-fortnight: setup ## Fourteen scheduled days; worker and server are killed: three quarters of an hour
	$(BIN)/pytest -m fortnight $(ARGS)

test-cluster: setup ## The same jobs on a Spark cluster of two worker processes: minutes
	$(BIN)/pytest -m cluster tests/cluster $(ARGS)

test-plants: setup ## Bugs planted in a copy, which the tests must catch
	$(BIN)/pytest -m plants tests/plants $(ARGS)

bench-accuracy: setup ## Accuracy on the public series of ../shared/data: hours (ARGS="DATA OUTPUT")
	$(BIN)/python -m benchmarks.accuracy $(or $(ARGS),../shared/data .cache/accuracy)

setup-s3: setup ## Fetch what a lakehouse on S3 needs beside: S3A and the AWS SDK, 650 MB
	@$(BIN)/python -m gridcast.jars --s3

test-aws: setup-s3 ## A day, and several writers, on the S3 of moto's server: minutes
	$(BIN)/pytest -m aws tests/aws $(ARGS)

docs: setup ## Write what docs/ has of the code: tables.md, promises.md, day.svg
	$(BIN)/python -m gridcast.tables_doc
	$(BIN)/python -m tests.plants.planting
	$(BIN)/python -m gridcast.day_picture

lock: setup ## Pin and hash requirements.in anew (ARGS=--upgrade takes new versions)
	deployments/setup/lock $(ARGS)
