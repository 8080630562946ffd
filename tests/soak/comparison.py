"""What the soak runs: small comparisons that have every kind of stage between them, some that share cells.

Those of rounds and of what is trained on its own draws are a world by themselves: rows that are read again, a buffer of
drawn rows that is trained on twice, a critic, numbers that a shaping carries, half steps, draws beside given pairs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.harness import MICRO, generate_section

JUDGE = "judge:\n  name: gold\n  against: [baseline, chosen]\n"
DRAW = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 6"
SMALLER = (
    "{demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}",
    "{demonstrations: 80, preference_prompts: 24, validation_prompts: 8, test_prompts: 16}",
)
"""The world's data, and less of it."""
AGAIN = f"""preference: {{max_steps: 6}}
online:
  sampler: {{name: policy, num_samples: 2, {DRAW}}}
  oracle: {{name: gold}}
  steps_per_generation: 2
  num_iterations: 2
"""
"""Rows of two steps are drawn at once, and trained on twice: a buffer of four steps."""
PARTS = "{name: gold_objectives, options: {parts: [overlap, manner, brevity]}}"
RECIPES = {
    "columns": "method: {name: ddo_rm, variant: columns}\n"
    "preference: {model_columns: {sure: {value: logp_mean, model: {policy: sft}, missing: drop}}}\n",
    "rounds": "method: {name: dpo, variant: rounds}\n"
    "rounds:\n  count: 2\n  prompts: {split: train, per_round: 8}\n"
    f"  sampler: {{name: policy, num_samples: 3, {DRAW}}}\n"
    "  oracle: {name: reward_stage}\n"
    "  selector: {name: best_worst, options: {ties: keep, cut: keep}}\n",
    "online": "method: {name: dpo, variant: online}\n"
    f"online:\n  sampler: {{name: policy, num_samples: 2, {DRAW}}}\n"
    "  oracle: {name: gold}\n  selector: {name: best_worst}\n",
    "replayed": "method: {name: dpo, variant: replayed}\n"
    "preference: {reference: previous}\n"
    "rounds:\n  count: 3\n  prompts: {split: train, per_round: 8}\n"
    f"  sampler: {{name: policy, num_samples: 3, {DRAW}}}\n"
    "  oracle: {name: gold}\n"
    "  selector: {name: best_worst, options: {ties: keep, cut: keep}}\n"
    "  replay: {rounds: 1}\n  evaluate: each\n",
    "buffered": f"method: {{name: rloo, variant: buffered}}\n{AGAIN}",
    "critic": f"method: {{name: ppo, variant: critic}}\n{AGAIN}",
    "carried": f"method: {{name: ppo, variant: carried}}\n{AGAIN.replace('{name: gold}', PARTS)}"
    "  shaping: {name: constrained_ppo, options: {thresholds: [0.7, 0.8], side: least, rate: 0.05}}\n",
    "halves": "method: {name: egpo, variant: halves}\npreference: {max_steps: 6}\n"
    f"online:\n  sampler: {{name: nash_mixture, options: {{m: 0.0}}, num_samples: 4, {DRAW}}}\n"
    "  oracle: {name: gold}\n  selector: {name: rated_pairs}\n",
    "beside": "method: {name: hypo_online_kl, variant: beside, hyper: {beta: 0.1, kl_weight: 0.1}}\n"
    f"online:\n  sampler: {{name: policy, num_samples: 2, {DRAW}}}\n",
    "pseudo": "method: {name: reward_model, variant: pseudo}\n"
    "reward_model: {pseudo_labels: {split: train, threshold: 0.5}}\n",
    "ensemble": "method: {name: reward_model, variant: ensemble}\nreward_model: {ensemble: {size: 2, use: rewards}}\n",
}
"""Name -> a recipe of the setting, without its first lines."""
SETS = ("--set", "sft.save_steps=1", "--set", "reward_model.save_steps=1", "--set", "preference.save_steps=1")


@dataclass(frozen=True)
class Command:
    """One `bench compare`, with the folder of its tables."""

    name: str
    targets: tuple[str, ...]
    sets: tuple[str, ...] = SETS

    def line(self, *, workers: int) -> list[str]:
        """Its words, for a process in the folder of the world."""
        base = ["compare", *self.targets, "--setting", "setting.yaml", "--seeds", "1", "--allow-different"]
        return [*base, "--workers", str(workers), "--results", self.results, *self.sets]

    @property
    def results(self) -> str:
        """Where its tables are."""
        return f"results_{self.name}"


POLICIES = Command("policies", ("columns.yaml", "rounds.yaml", "online.yaml"))
OVERLAP = Command("overlap", ("columns.yaml", "rounds.yaml"))
REWARDS = Command("rewards", ("pseudo.yaml", "ensemble.yaml"), ("--set", "reward_model.save_steps=1"))
ROUNDS = Command(
    "rounds", tuple(f"{n}.yaml" for n in ("replayed", "buffered", "critic", "carried", "halves", "beside"))
)
AMONG = Command("among", ("replayed.yaml", "buffered.yaml"))
WORLDS = {"policies": (POLICIES, OVERLAP), "rewards": (REWARDS,), "rounds": (ROUNDS, AMONG)}
"""Name -> the commands that one `runs/` folder serves; they may run at once."""


def furnish(folder: Path) -> Path:
    """Write setting and recipes into a new folder; returns it."""
    folder.mkdir(parents=True)
    text = MICRO.read_text(encoding="utf-8").replace(*SMALLER) + generate_section(prompts=4, tokens=6) + JUDGE
    (folder / "setting.yaml").write_text(text, encoding="utf-8")
    for name, recipe in RECIPES.items():
        text = f"name: {name}\ndescription: Of the soak.\nsetting: micro\n{recipe}"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def stages_of(folder: Path) -> dict[str, set[str]]:
    """Key -> keys of what it reads, of every stage of a finished world."""
    stages = {}
    for lock in (folder / "runs").glob("*/*/lock.yaml"):
        inputs = YAML(typ="safe", pure=True).load(lock)["inputs"]
        stages[lock.parent.relative_to(folder / "runs").as_posix()] = set(inputs.values())
    return stages


def unfinished(folder: Path, stages: dict[str, set[str]]) -> list[str]:
    """Keys of the stages that are not finished in a world yet, by what their records say."""
    return [key for key in stages if _status(folder / "runs" / key) != "done"]


def ready(stages: dict[str, set[str]], waiting: list[str]) -> list[str]:
    """Kinds of the unfinished stages that could start now."""
    return [key.split("/")[0] for key in waiting if not stages[key] & {*waiting}]


def _status(stage: Path) -> str:
    try:
        return json.loads((stage / "status.json").read_text(encoding="utf-8"))["status"]
    except (OSError, ValueError, KeyError):
        return ""
