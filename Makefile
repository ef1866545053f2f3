# make run: a real result; make test: everything that CI checks.
BIN := .venv/bin
export MILLWORK_HOME ?= $(HOME)/.millwork
# Where it is set, each worker of the tests would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run console test test-rest test-console quick lint lint-python lint-console \
	check-console collect format docs figures peers lock clean

setup: .venv/.done

.venv/.done: requirements.lock pyproject.toml
	@./scripts/setup

# The console is built after the first result, which nobody waits for.
run: setup
	@$(BIN)/millwork run examples/flights/pipeline.yaml --name first-run
	-@./scripts/console

console: setup
	@./scripts/console

# First what reads, two things at a time; then what runs.
test: setup
	@$(MAKE) --no-print-directory -j2 -O lint-python check-console collect
	@$(MAKE) --no-print-directory test-rest
	@$(MAKE) --no-print-directory test-console

# Three workers on two cores: most tests wait, for processes and for their ends. What fails beside
# others is told, and counts if it fails alone, too.
AGAIN := $(BIN)/pytest --last-failed --last-failed-no-failures none -m "not slow"
test-rest: setup
	$(BIN)/pytest -n 3 --dist loadgroup -m "not slow" --ignore tests/web || $(AGAIN) --ignore tests/web

# A process of their own: Playwright's event loop would be in the way of other tests'.
test-console: setup
	$(BIN)/pytest -m "not slow" tests/web || $(AGAIN) tests/web

quick: setup
	$(BIN)/pytest -n 2 -m "quick and not long"

lint: lint-python lint-console

lint-python: setup
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/ruff check src tests bench examples
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-console: setup
	@./scripts/console lint

# The workers find the tests compiled.
collect: setup
	@said=$$($(BIN)/pytest --collect-only -qq 2>&1) || { echo "$$said"; exit 1; }

check-console: setup
	@./scripts/console lint
	@./scripts/console build
	@./scripts/console test

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
