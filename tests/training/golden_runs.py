"""Golden runs: eight steps of a two-layer model in float64 on one thread, for every method and variant.

`python -m tests.training.golden_runs --write` (or `make golden`) writes golden_runs.json anew; do so only for a change
that should move numbers, raise the VERSION of what moved, and say why.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch

from benchbench import methods
from benchbench.core.method import Candidates
from benchbench.models.load import seeded
from benchbench.models.reward_head import RewardModel
from benchbench.training.loop import train
from benchbench.training.objective import RewardModelObjective

from .toys import examples, model, toy

FILE = Path(__file__).parent / "golden_runs.json"
STEPS = 8
LOGGED = ("loss", "grad_norm")
Trace = dict[str, list[float]]


def names() -> list[str]:
    """Every method at every variant, DDO-RM-like ones also with four candidates, and the reward model."""
    found = []
    for name in methods.names():
        found += [f"{name}@{variant}" for variant in methods.get(name).variants]
        of_lists = methods.get(name).candidates is Candidates.ANY and not methods.get(name).roles
        found += [f"{name}@k4"] if of_lists else []
    return [*found, "reward_model@mean", "reward_model@last_token"]


def trace(name: str) -> Trace:
    """Losses and gradient norms of eight steps."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            lines = _run(Path(folder), *name.split("@"))
    finally:
        torch.set_num_threads(threads)
    return {key: [line[key] for line in lines] for key in LOGGED}


def _run(folder: Path, name: str, variant: str) -> list[dict[str, float]]:
    training = {"max_steps": STEPS, "global_batch_size": 6, "per_device_train_batch_size": 4, "length_window": 2}
    if name == "reward_model":
        with seeded(0, "toy head"):
            made = RewardModel(model().base_model, pooling=variant, head_dtype=torch.float64, initial_std=0.2)
        run = toy(folder, policy=made, objective=lambda policy: RewardModelObjective(policy, 0.01), **training)
    else:
        labelled = methods.get(name).candidates is Candidates.LABELLED
        given = examples(candidates=4 if variant == "k4" else 1 if labelled else 2, roles=methods.get(name).roles)
        hyper = dict(methods.get(name).variants.get(variant, {}))
        run = toy(folder, name, given=given, hyper=hyper, **training)
    train(run.job)
    return [json.loads(line) for line in run.log.splitlines()]


def main() -> int:
    """Compare or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="replace golden_runs.json by what comes out now")
    traces = {name: trace(name) for name in names()}
    known = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
    text = {name: json.dumps(known.get(name)) for name in traces}  # NaN is no NaN's equal, their texts are
    moved = [name for name in traces if json.dumps(traces[name]) != text[name]]
    if parser.parse_args().write:
        FILE.write_text(json.dumps(traces, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(traces)} traces, not bit-equal to the committed: {', '.join(moved) or 'none'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
