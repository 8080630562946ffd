"""Responses to a prompt set in the graph: generate stages whose data is the set instead of a split."""

from __future__ import annotations

from dataclasses import replace

from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.plan.checks.prompts import sample_faults
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.prompt_sets import PreparedPrompts


def prompt_stages(plan: Plan, cell: Cell, prompts: PreparedPrompts) -> list[StageSpec]:
    """One generate stage per turn: the cell's own, asked the prompt set once each instead of its split.

    The second turn's stage reads the first one's responses, which its prompts hold.

    Args:
        plan: that the cell is of.
        cell: with a generate stage.
        prompts: on disk.

    Raises:
        BenchError: a recipe that draws several samples.
    """
    assert cell.generate is not None, "only cells with a generate section answer prompts"
    drawn = plan.stages[cell.generate]
    section = drawn.settings.generate
    if faults := sample_faults(cell.loaded):
        raise BenchError.of_faults(str(cell.loaded.setting_path), faults)
    stages: list[StageSpec] = []
    for turn, split in enumerate(prompts.splits, start=1):
        changes = {"split": split, "num_prompts": None, "num_samples": 1}
        settings = drawn.settings.model_copy(
            update={
                "data": DataRef(split, prompts.data.hashes[split]),
                "generate": section.model_copy(update=changes),
                "turn": turn,
            }
        )
        first = {"first": stages[0].key} if stages else {}
        title = f"responses of {cell.loaded.label} seed {cell.seed} to {split.replace('_', ' ')} of {prompts.key}"
        run = drawn.run.model_copy(update={"data_key": prompts.key})
        stages.append(replace(drawn, title=title, settings=settings, inputs={**drawn.inputs, **first}, run=run))
    return stages


def put_prompts(plan: Plan, prompts: PreparedPrompts) -> None:
    """Put a prompt set in the place of the split that every cell of the plan answers; nothing is judged yet.

    `plan.checks` has refused recipes that cannot answer it.
    """
    to_split = [cell.generate for cell in plan.cells]
    specs = [prompt_stages(plan, cell, prompts)[0] for cell in plan.cells]
    for key in to_split:
        plan.stages.pop(str(key), None)
    plan.stages |= {spec.key: spec for spec in specs}
    plan.cells = [
        replace(cell, generate=spec.key, answered=prompts.key) for cell, spec in zip(plan.cells, specs, strict=True)
    ]
