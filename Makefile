# make demo    the plan's worked examples on five real nodes    (SEED=7 another cascade, ALTER=3 a forged figure)
# make test    everything a change must pass
# make env     the environment .venv alone      make lint    ruff and mypy alone
# make lock    write the lock files anew        make clean   remove what the others made
SHELL := /bin/sh
PYTEST_ARGS ?= -n auto --dist loadfile
PACKAGES := $(wildcard ledger consensus contracts wallet node devnet tests)
BIN := .venv/bin

.PHONY: demo test env lint lock clean

demo: env
	$(BIN)/lugang devnet demo $(if $(SEED),--seed $(SEED)) $(if $(ALTER),--alter $(ALTER))

test: lint
	$(BIN)/python -m pytest $(PYTEST_ARGS)

env:
	@sh tools/env.sh

lint: env
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES)

lock:
	@sh tools/lock.sh

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	find $(PACKAGES) tools -name __pycache__ -type d -prune -exec rm -rf {} +
