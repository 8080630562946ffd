"""Recipes of the micro setting whose policy draws while it is trained, and their stages up to that policy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from harness import MICRO, execute
from safetensors.torch import load_file

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions

SAMPLER = (
    "{name: policy, num_samples: SAMPLES, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, "
    "repetition_penalty: 1.0, max_new_tokens: 10}"
)
ORACLE = "  oracle: {name: reward_stage}\n"


def recipe(folder: Path, method: str, *, samples: int = 3, oracle: str = ORACLE, more: str = "", **keys: str) -> Path:
    """A recipe of the micro setting whose method draws while it is trained."""
    online = f"online:\n  sampler: {SAMPLER.replace('SAMPLES', str(samples))}\n{oracle}{more}"
    text = f"name: drawn\nsetting: micro\nmethod: {method}\n{online}"
    text += "".join(f"{key}: {value}\n" for key, value in keys.items())
    path = folder / "drawn.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class Trained:
    """A recipe's stages, up to its policy."""

    def __init__(self, path: Path, runs: Path, sets: Sequence[str] = ()) -> None:
        request = CompareRequest([str(path)], str(MICRO), ["1"], overrides=list(sets), pairs_only=True)
        self.options = RunOptions("cpu", runs=runs)
        plan = prepare_comparison(request, self.options).session.plan
        (policy,) = [cell.policy for cell in plan.cells if cell.policy.startswith("preference")]
        self.specs = [plan.stages[key] for key in plan.stages if key in plan.under([policy])]
        self.policy = plan.stages[policy]
        self.runs = runs

    def run(self, **more: Any) -> str:
        """Train the policy, and before it what it needs; its status."""
        for spec in self.specs[:-1] if self.specs[-1] is self.policy else [s for s in self.specs if s != self.policy]:
            assert execute(spec, self.options.store).status == "done"
        return execute(self.policy, self.options.store, **more).status

    def start_from(self, runs: Path) -> None:
        """Take what other runs have finished, but for the policy itself."""
        shutil.copytree(runs, self.runs, dirs_exist_ok=True, ignore=shutil.ignore_patterns(Path(self.policy.key).name))

    @property
    def folder(self) -> Path:
        return self.runs / self.policy.key

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        return load_file(self.folder / "model" / "model.safetensors")

    @property
    def log(self) -> str:
        return (self.folder / "train.jsonl").read_text()

    @property
    def lines(self) -> list[dict[str, float]]:
        return [json.loads(line) for line in self.log.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "status.json").read_text())["summary"]


def trained(before: Path, folder: Path, path: Path, *sets: str, **more: Any) -> Trained:
    """The recipe's policy, trained in a copy of what was there before."""
    shutil.copytree(before, folder / "runs", dirs_exist_ok=True)
    run = Trained(path, folder / "runs", sets)
    assert run.run(**more) == "done", (run.folder / "status.json").read_text()
    return run


def equal(one: Trained, other: Trained) -> bool:
    weights = one.weights, other.weights
    return one.log == other.log and all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
