# make demo   the whole way on synthesised music: build, encode, push to a local Hub, load back
# make test   the tests
# make check  lint, format and types

BIN := .venv/bin

.PHONY: demo test check clean

demo: .venv/ready
	$(BIN)/sportgen demo demo
	$(BIN)/python -m builder_tests.local_hub -- sh -c '\
		$(BIN)/sportgen push demo/dataset org/sport-music --version 1.0.0 && \
		$(BIN)/python -m builder_tests.load_back demo/dataset org/sport-music v1.0.0'

test: .venv/ready
	$(BIN)/python -m pytest

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/ready: pyproject.toml constraints.txt tools/setup
	tools/setup

clean:
	rm -rf .venv demo
