"""Rounds: a policy trained on what policies drew, from the first prompt to the last weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, execute, finish, generate_section

from benchbench.commands.resolve import resolve
from benchbench.plan.build import build_plan
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.prepare import prepare
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.runs import RunStore

DRAW = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 6"
ON_DATA = (
    "rounds={count: 1, prompts: {split: train, per_round: 48}, start: sft, sampler: {name: data}, "
    "selector: {name: split_pair}}"
)


def drawn(
    *,
    count: int = 2,
    selector: str = "{name: best_worst, options: {ties: keep, cut: keep}}",
    oracle: str = "{name: gold}",
    sampler: str = "name: policy, num_samples: 3",
    more: str = "",
    per_round: int = 8,
) -> str:
    """The section of rounds that draw."""
    prompts = f"{{split: train, per_round: {per_round}}}"
    parts = f"prompts: {prompts}, sampler: {{{sampler}, {DRAW}}}, oracle: {oracle}, selector: {selector}"
    return f"rounds={{count: {count}, {parts}{', ' if more else ''}{more}}}"


@dataclass
class World:
    """A plan of one cell, and where its stages are filed."""

    plan: Plan
    cell: Cell
    store: RunStore

    def run(self, **more: Any) -> dict[str, str]:
        """Run every stage of the plan in order; key -> status."""
        status: dict[str, str] = {}
        for key, spec in self.plan.stages.items():
            if all(status[needed] == "done" for needed in spec.inputs.values()):
                record = execute(spec, self.store, **more)
                assert record.status != "failed", record.message
                status[key] = record.status
            else:
                status[key] = "blocked"
        return status

    def rows(self, number: int) -> list[Mapping[str, Any]]:
        """The training rows of a round."""
        text = (self.store.folder(self.cell.rounds[number - 1].select) / "examples" / "train.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def weights(self, key: str | None) -> bytes:
        """The weights that a stage left."""
        assert key is not None
        return (self.store.folder(key) / "model" / "model.safetensors").read_bytes()


def world(folder: Path, *sets: str, target: str = "dpo", runs: str = "runs") -> World:
    """The plan of one cell of the micro setting with a `generate` section."""
    folder.mkdir(exist_ok=True)
    setting = folder / "setting.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=6), encoding="utf-8")
    overrides = parse_overrides(("preference.global_batch_size=4", "preference.save_steps=1", *sets))
    loaded = resolve(target, setting=str(setting), overrides=overrides)
    store = RunStore(folder / runs)
    plan = build_plan([(loaded, prepare(loaded, store.root), (1,))])
    return World(plan, plan.cells[0], store)


def test_a_round_on_the_pairs_of_the_split_is_offline_training_bit_for_bit(tmp_path: Path):
    offline = world(tmp_path / "offline", runs="../runs")
    in_a_round = world(tmp_path / "round", ON_DATA, runs="../runs")
    assert set(offline.run().values()) == set(in_a_round.run().values()) == {"done"}
    assert offline.cell.policy != in_a_round.cell.policy
    assert offline.weights(offline.cell.policy) == in_a_round.weights(in_a_round.cell.policy)


def test_rounds_draw_label_select_and_train_in_turn(tmp_path: Path):
    made = world(tmp_path, drawn())
    assert set(made.run().values()) == {"done"}
    first, second = made.cell.rounds
    assert made.cell.policy == second.policy
    assert made.plan.stages[second.rollout].inputs == {"policy": first.policy}
    for number in (1, 2):
        rows = made.rows(number)
        assert rows and all(row["round"] == number and len(row["candidates"]) == 2 for row in rows)
        assert all(row["columns"]["score"][0] >= row["columns"]["score"][1] for row in rows)
    prompts = [{row["id"].split(" ")[0] for row in made.rows(number)} for number in (1, 2)]
    assert not prompts[0] & prompts[1], "disjoint prompts"
    assert not list(made.store.root.rglob("parts")), "parts are gone when a stage is done"
    again = made.store.record(second.policy)
    assert made.run() and made.store.record(second.policy) == again, "a second run executes nothing"
