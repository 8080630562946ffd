"""Verdicts in the graph: whose responses are compared with whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchbench import judges
from benchbench.core.identity import plain
from benchbench.core.judge import missing_settings
from benchbench.core.records import StageSpec
from benchbench.judging.identity import judge_identity
from benchbench.plan.graph import Cell, Plan, RoundKeys, data_input
from benchbench.recipe.binding import bind
from benchbench.stages.judge.settings import JudgeRun, JudgeSettings

CHOSEN = "chosen"
"""The opponent that is the data's preferred response."""


def with_verdicts(plan: Plan, cell: Cell, baseline: str | None) -> Cell:
    """The cell with its verdict stages, which are added to the plan."""
    if cell.loaded.recipe.judge is None or cell.generate is None:
        return cell
    keys = {name: plan.add(_spec(plan, cell, name, other)) for name, other in _opponents(plan, cell, baseline)}
    return replace(cell, verdicts=keys, rounds=tuple(_judged(plan, cell, each) for each in cell.rounds))


def _judged(plan: Plan, cell: Cell, place: RoundKeys) -> RoundKeys:
    """A round with the verdicts on its policy's responses against those of the policy that rounds start from."""
    if place.generate is None or place.opponent is None:
        return place
    start = f"{cell.loaded.recipe.start}, round {place.number},"
    verdicts = plan.add(_spec(plan, replace(cell, generate=place.generate), start, place.opponent))
    return replace(place, verdicts=verdicts)


def _opponents(plan: Plan, cell: Cell, baseline: str | None) -> Iterator[tuple[str, str | None]]:
    """(label, key of its responses), `chosen` without a key; of two rows that meet, the later one is judged.

    Beside rounds that are judged one by one, every row meets the policy that they start from, as each round does.
    """
    section = cell.loaded.recipe.judge
    assert section is not None
    if "chosen" in section.against:
        yield CHOSEN, None
    beside = [other for other in plan.cells if other.seed == cell.seed and other.generate is not None]
    with_rounds = any(place.opponent is not None for other in beside for place in other.rounds)
    before = beside[: next(i for i, other in enumerate(beside) if other.loaded.label == cell.loaded.label)]
    for other in beside:
        label = other.loaded.label
        is_baseline = "baseline" in section.against and label == baseline
        # the other rows' verdicts against the baseline already hold the baseline's own contests
        already_judged = "baseline" in section.against and cell.loaded.label == baseline
        meets = "each_other" in section.against and other in before and not already_judged
        is_start = label == cell.loaded.recipe.start and with_rounds
        if label != cell.loaded.label and other.generate != cell.generate and (is_baseline or meets or is_start):
            yield label, other.generate


def _spec(plan: Plan, cell: Cell, opponent: str, opponent_key: str | None) -> StageSpec:
    section = cell.loaded.recipe.judge
    assert section is not None and cell.generate is not None
    judge = judges.get(section.name)
    options, faults = bind(judge.options, section.options, where="judge.options")
    assert not faults, faults
    folder = cell.loaded.folders.judge
    generated = plan.stages[cell.generate]
    settings = JudgeSettings(
        judge=judge_identity(judge, options, folder),
        data=generated.settings.data,
        missing=missing_settings(judge, options),
    )
    responses = {"ours": cell.generate} | ({} if opponent_key is None else {"theirs": opponent_key})
    run = JudgeRun(folder=str(folder), data_key=generated.run.data_key, options=plain(options))
    title = f"verdicts on {cell.loaded.label} against {opponent} seed {cell.seed}"
    return StageSpec("judge", title, settings, {**data_input(settings.data), **responses}, run)
