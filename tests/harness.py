"""Ways to run `bench`: in this process, as a user would, or stage by stage without workers.

Starting a worker costs seconds of imports, so most tests use `finish`, which executes the stages of a plan in this
process with the same function that workers call; what `bench` then finds is finished.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MICRO = ROOT / "tests" / "micro.yaml"
BENCH = Path(sys.executable).with_name("bench")
WIDE = "1000"
"""COLUMNS of a terminal in which whatever is printed of a row or a remark is one line."""
SHARED_DATA = ROOT.parent / "shared" / "data"


def generate_section(*, prompts: int, tokens: int, samples: int = 1, engine: str = "transformers") -> str:
    """A setting's `generate` section, for the end of a copy of the micro setting."""
    return f"""
generate:
  split: test
  num_prompts: {prompts}
  num_samples: {samples}
  engine: {engine}
  dtype: float32
  max_new_tokens: {tokens}
  temperature: 1.0
  top_p: 1.0
  top_k: 0
  min_p: 0.0
  repetition_penalty: 1.0
"""


@dataclass(frozen=True)
class Ended:
    """How a `bench` command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Standard output without its line breaks."""
        return " ".join(self.out.split())

    @property
    def json(self) -> object:
        """Standard output as the one JSON document it is."""
        return json.loads(self.out)


def bench(*args: object) -> Ended:
    """Run one command line in this process; workers are processes all the same."""
    from benchbench.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(arg) for arg in args])
    return Ended(code, out.getvalue(), err.getvalue())


def bench_process(*args: object, cwd: Path, timeout: float = 300, **variables: str) -> Ended:
    """Run the real `bench` script."""
    done = subprocess.run(
        [BENCH, *map(str, args)],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def run_make(*targets: str, cwd: Path) -> str:
    """Make targets of the Makefile in a copy of the checkout with the tools of this one; returns what was printed."""
    line = ["make", "--no-print-directory", "-f", ROOT / "Makefile", "-o", ".venv/.ok", f"BIN={BENCH.parent}", *targets]
    variables = {"PYTHONPATH": os.pathsep.join([str(cwd), str(ROOT)])}
    done = subprocess.run(line, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def finish(
    targets: Sequence[object],
    *,
    runs: Path,
    setting: object = MICRO,
    seeds: Sequence[int] = (1,),
    sets: Sequence[str] = (),
    different: bool = False,
    pairs_only: bool = False,
    engines: Any = None,
) -> dict[str, str]:
    """Run every stage of a comparison in this process, with an `EngineCache` of the caller's; stage key -> status."""
    import torch
    from transformers.utils import logging

    from benchbench.commands.compare.run import CompareRequest, prepare_comparison
    from benchbench.commands.run_plan import RunOptions
    from benchbench.generation.engine_cache import EngineCache

    torch.set_num_threads(1)
    logging.disable_progress_bar()
    request = CompareRequest(
        [str(target) for target in targets],
        str(setting),
        [str(seed) for seed in seeds],
        overrides=list(sets),
        allow_different=different,
        pairs_only=pairs_only,
    )
    options = RunOptions("cpu", runs=runs)
    plan = prepare_comparison(request, options).session.plan
    engines = engines or EngineCache()
    status: dict[str, str] = {}
    for key, spec in plan.stages.items():
        if all(status[needed] == "done" for needed in spec.inputs.values()):
            status[key] = execute(spec, options.store, device="cpu", engines=engines).status
        else:
            status[key] = "blocked"
    return status


def execute(spec: Any, store: Any, *, device: str = "cpu", **more: Any) -> Any:
    """Run one stage in this process, as a worker would."""
    from benchbench import inputs
    from benchbench.stages.execute import execute as run_stage

    return run_stage(spec, store, device=device, input_of=inputs.get, **more)


def tree(root: Path) -> dict[str, bytes]:
    """Relative path -> bytes of every file below a folder, save leases, which say who was there last."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and ".leases" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def reseal(runs: Path, key: str, change: Callable[[dict[str, Any]], Mapping[str, Any]] = dict) -> None:
    """Record a stage whose files a test changed, as if it had left them so; `change` makes its record another one."""
    from benchbench.core.records import StageRecord
    from benchbench.store.runs import RunStore

    store = RunStore(runs)
    record = store.record(key)
    assert record is not None, key
    store.write(replace(StageRecord(**change(asdict(record))), files=store.seal(key)))


def leftovers(root: Path) -> list[str]:
    """What a command that refused must not leave behind: stages, results, drafts of files or folders."""
    if not root.exists():
        return []
    allowed = ("data", "tokenizer", "leases", "hashes")
    found = [path.relative_to(root) for path in sorted(root.rglob("*"))]
    return [str(path) for path in found if path.parts[0] not in allowed or any(p.startswith(".") for p in path.parts)]


@dataclass(frozen=True)
class Finished:
    """The shared comparison: dpo, simpo, ddo_rm and ipo@sum over seeds 1 to 3. Read it; never write into it."""

    runs: Path
    results: Path
    ended: Ended

    METHODS = ("dpo", "simpo", "ddo_rm", "ipo@sum")
    SEEDS = (1, 2, 3)

    @property
    def folder(self) -> Path:
        """Where the tables are."""
        return self.results / "micro"

    @property
    def line(self) -> list[object]:
        """The command line, without the folders."""
        return ["compare", *self.METHODS, "--setting", MICRO, "--seeds", *self.SEEDS]
