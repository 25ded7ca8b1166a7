# Every command of the project. `make run` is the whole desk on this machine, `make test` everything that is checked.
PYTHON ?= python3.11
BIN := .venv/bin
VENV := .venv/installed
ENGINE := .venv-ministack/installed
STAGE ?= prod
STEPS ?= 20000
SEED ?= 1
OPTIONS ?=

.PHONY: run test unit stack sweep waiting model lint package deploy bench text venv
.DEFAULT_GOAL := run

run: $(VENV) $(ENGINE)
	@exec $(BIN)/python -m dev.run

# Parallel tests share no state; the stack's tests share one MiniStack and run one after the other, beside the model's.
test: lint unit stack

unit: $(VENV)
	$(BIN)/python -m pytest -n 2 -m "not stack"

stack: $(VENV) $(ENGINE)
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 2 --dist loadscope -m stack

# Every handler, every AWS call, every fault; `make test` runs a seeded sample of it.
sweep: $(VENV)
	SWEEP=full $(BIN)/python -m pytest -n 2 tests/faults $(OPTIONS)

# 200 interactions wait at once, in real seconds; `make stack` runs a sample of it.
waiting: $(VENV) $(ENGINE)
	WAITING=200 $(BIN)/python -m pytest tests/stack/test_many_waiting.py

# The property run of the routing; `make test` plays 2,000 steps. A seed plays the same again: make model STEPS=1 SEED=7
model: $(VENV) $(ENGINE)
	PYTHONHASHSEED=0 MODEL_STEPS=$(STEPS) MODEL_SEED=$(SEED) MODEL_PLANTS=all $(BIN)/python -m pytest -m model

lint: $(VENV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

package: $(VENV)
	$(BIN)/python -m infra.build --stage $(STAGE)

# For example: make deploy OPTIONS="--region eu-central-1 --parameter AlarmEmail=ops@example.com"
deploy: $(VENV)
	$(BIN)/python -m infra.deploy --stage $(STAGE) $(OPTIONS)

bench: $(VENV) $(ENGINE)
	$(BIN)/python -m bench

text: $(VENV)
	@$(BIN)/python -m dev.text $(OPTIONS)

venv: $(VENV) $(ENGINE)

# $(call install,FOLDER,REQUIREMENTS): Chalice wants an older pip than the newest, so nothing here upgrades pip.
define install
@echo "installing $(1) from $(2) …"
@began=$$(date +%s); \
	{ test -x $(1)/bin/python || $(PYTHON) -m venv $(1); } && \
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check -r $(2) && \
	echo "installing $(1): $$(( $$(date +%s) - began )) s"
@touch $(1)/installed
endef

$(VENV): requirements.txt requirements-dev.txt
	$(call install,.venv,requirements-dev.txt)

# MiniStack pins another botocore, so it lives apart.
$(ENGINE): requirements-ministack.txt
	$(call install,.venv-ministack,requirements-ministack.txt)
