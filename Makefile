# make run: a real result; make test: everything that CI checks.
BIN := .venv/bin
export MILLWORK_HOME ?= $(HOME)/.millwork

.PHONY: setup run test quick lint format docs figures peers lock clean

setup: .venv/.done

.venv/.done: requirements.lock pyproject.toml
	@./scripts/setup

run: setup
	@$(BIN)/millwork run examples/flights/pipeline.yaml --name first-run

test: setup lint
	$(BIN)/pytest -n 2 --dist loadgroup -m "not slow"

quick: setup
	$(BIN)/pytest -n 2 -m quick

lint: setup
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/ruff check src tests bench examples
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format src tests bench examples
	$(BIN)/ruff check --fix src tests bench examples

docs: setup
	$(BIN)/python -m tests.docs.generate

figures: setup
	$(BIN)/python -m bench.figures

peers: setup
	$(BIN)/python -m bench.peers

lock: setup
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade -o requirements.lock

clean:
	rm -rf .venv dist
