# make run: a real result; make test: everything that CI checks.
BIN := .venv/bin
export MILLWORK_HOME ?= $(HOME)/.millwork

.PHONY: setup run console test quick lint format docs figures peers lock clean

setup: .venv/.done

.venv/.done: requirements.lock pyproject.toml
	@./scripts/setup

# The console is built after the first result, which nobody waits for.
run: setup
	@$(BIN)/millwork run examples/flights/pipeline.yaml --name first-run
	-@./scripts/console

console: setup
	@./scripts/console

test: setup lint console
	@./scripts/console test
	$(BIN)/pytest -n 2 --dist loadgroup -m "not slow" --ignore tests/web
	$(BIN)/pytest -m "not slow" tests/web

quick: setup
	$(BIN)/pytest -n 2 -m quick

lint: setup
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/ruff check src tests bench examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	@./scripts/console lint

format: setup
	$(BIN)/ruff format src tests bench examples
	$(BIN)/ruff check --fix src tests bench examples

docs: setup
	$(BIN)/python -m tests.docs.generate

figures: setup
	$(BIN)/python -m bench.figures

peers: setup
	$(BIN)/python -m bench.peers

LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet
BUILTINS := src/millwork/runtime/requirements

lock: setup
	$(LOCK) pyproject.toml $(BUILTINS).in --group pyproject.toml:dev --upgrade -o requirements.lock
	$(LOCK) $(BUILTINS).in --python-version 3.11 --no-annotate -c requirements.lock -o $(BUILTINS).txt

clean:
	rm -rf .venv dist
