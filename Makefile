# make demo   the whole way on synthesised music: build, encode, push to a local Hub, load back
# make test   the tests
# make check  lint, format, types and which package may import which
# make pictures  what the README shows, from the demo
# make bench  all benchmarks with quick settings, under 20 minutes: build/bench.md
# make fuzz   mutated music, releases, metadata and settings, thousands of them

BIN := .venv/bin

.PHONY: demo test check pictures bench fuzz clean

demo: .venv/ready
	$(BIN)/sportgen demo demo
	$(BIN)/python -m builder_tests.hub.local_hub -- sh -c '\
		$(BIN)/sportgen push demo/dataset org/sport-music --version 1.0.0 --allow-nano && \
		$(BIN)/python -m builder_tests.support.load_back demo/dataset org/sport-music v1.0.0'

test: .venv/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports --no-cache

pictures: .venv/ready
	tools/browser
	$(BIN)/sportgen demo demo
	cp demo/dataset/assets/tempo-light.png demo/dataset/assets/tempo-dark.png docs/
	$(BIN)/python tools/screenshot.py demo/dataset docs/preview.png

bench: .venv/ready
	$(BIN)/python benchmarks

.venv/ready: pyproject.toml constraints.txt tools/setup
	tools/setup

clean:
	rm -rf .venv demo

# More of the fuzz tests than CI runs: make fuzz FUZZ_FILES=20000 FUZZ_MUTANTS=20000 FUZZ_SEED=7
fuzz: export FUZZ_FILES ?= 5000
fuzz: export FUZZ_MUTANTS ?= 5000
fuzz: export FUZZ_SEED ?= 1
fuzz: .venv/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --timeout 36000 \
		builder_tests/build/test_hostile.py builder_tests/fuzz -k "mutated or mutant"
