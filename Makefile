PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
export ORT_DISABLE_TELEMETRY = 1
export HF_HUB_OFFLINE = 1

.PHONY: demo test lint docs evaluate bench clean

$(VENV)/demo.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --only-binary :all: --editable .
	touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp
	$(PIP) --only-binary :all: --editable '.[test,encrypted,train,export]'
	-$(PIP) 'llama-cpp-python>=0.3.9'  # has no wheels: compiles for minutes the first time; without a compiler its tests are skipped
	touch $@

demo: $(VENV)/demo.stamp
	rm -f $(VENV)/demo.db*
	$(BIN)/rpo-edge --store $(VENV)/demo.db history import examples/history
	$(BIN)/rpo-edge --store $(VENV)/demo.db rewrite examples/response.txt --format diff --explain

test: $(VENV)/test.stamp lint
	$(BIN)/python -m pytest

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/test.stamp
	$(BIN)/typer rpo_edge.cli utils docs --name rpo-edge --output docs/cli.md
	$(BIN)/python -m export verify --docs docs/models.md

evaluate: $(VENV)/test.stamp  # the README's table on the texts of examples/eval: a few minutes; without `--suite restore`, every suite
	$(BIN)/python -m training evaluate --fixture --suite restore --out $(VENV)/evaluation

bench: $(VENV)/test.stamp
	$(BIN)/python -m bench rewrite

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
