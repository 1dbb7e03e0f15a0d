PYTHON ?= python3
PORT ?= 8000

.PHONY: demo test check messages

demo: .venv
	.venv/bin/tocsin demo --port $(PORT)

# Compiled modules are shared by the test processes and the commands that they start.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv
	.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Every text that people read, into the catalogues of features/locales/, to be translated there.
messages: .venv
	.venv/bin/python -m tools.messages

.venv: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade pip
	.venv/bin/python -m pip install --constraint constraints.txt --editable '.[dev]'
	@touch .venv
