"""Rounds on the micro setting, for tests: the section as `--set` takes it, and a cell's stages run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import MICRO, execute, generate_section

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


def world(
    folder: Path, *sets: str, target: str = "dpo", runs: str = "runs", with_samples: bool = False, seed: int = 1
) -> World:
    """The plan of one cell of the micro setting with a `generate` section, whose responses are drawn on request."""
    folder.mkdir(exist_ok=True)
    setting = folder / "setting.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=6), encoding="utf-8")
    overrides = parse_overrides(("preference.global_batch_size=4", "preference.save_steps=1", *sets))
    loaded = resolve(target, setting=str(setting), overrides=overrides)
    store = RunStore(folder / runs)
    plan = build_plan([(loaded, prepare(loaded, store.root), (seed,))], with_samples=with_samples)
    return World(plan, plan.cells[0], store)


def stopping_after(looks: int) -> Callable[[], bool]:
    """Says to stop after so many looks."""
    left = iter([False] * looks)
    return lambda: next(left, True)


def check_rollout_in_pieces(whole: World, stopped: World) -> None:
    """Run the first round's rollout at once and with two stops, and compare the bytes that they left.

    Args:
        whole: a plan in a folder of its own.
        stopped: the same plan in another folder.
    """
    key = whole.cell.rounds[0].rollout
    assert key == stopped.cell.rounds[0].rollout
    for each in (whole, stopped):
        for needed, spec in each.plan.stages.items():
            if needed == key:
                break
            assert execute(spec, each.store).status == "done"
    assert execute(whole.plan.stages[key], whole.store).status == "done"
    for _ in range(2):
        assert execute(stopped.plan.stages[key], stopped.store, should_stop=stopping_after(1)).status == "interrupted"
    assert execute(stopped.plan.stages[key], stopped.store).status == "done"
    rows = [(each.store.folder(key) / "examples" / "train.jsonl").read_bytes() for each in (whole, stopped)]
    assert rows[0] == rows[1] and not (stopped.store.folder(key) / "parts").exists()
