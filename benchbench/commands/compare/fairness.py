"""Whether recipes hold fixed what a fair comparison holds fixed, and in which keys they do not."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.judging.labels import judge_label
from benchbench.plan.graph import Cell, Plan
from benchbench.recipe.load import Loaded
from benchbench.recipe.memory import counts_once
from benchbench.recipe.values import flat


def refuse_unequal(loaded: Sequence[Loaded]) -> None:
    """Refuse recipes that do not hold fixed what a fair comparison holds fixed, naming the keys.

    Raises:
        BenchError: which key differs between which two recipes.
    """
    different = differing(loaded)
    if different:
        lines = [f"  {label}: {keys}" for label, keys in different.items()]
        raise BenchError(
            f"not comparable with {loaded[0].label}, whose setting differs:\n"
            + "\n".join(lines)
            + "\nGive all recipes the same setting, or add --allow-different for an audit, which marks every row."
        )


def judge_of(cell: Cell, plan: Plan) -> tuple[str, str]:
    """(hash of the identity, name with what it judges with) of the one judge of a cell's verdicts."""
    section = cell.loaded.recipe.judge
    assert section is not None, "only recipes with a judge have verdicts"
    identity = plan.stages[next(iter(cell.verdicts.values()))].settings.judge
    return fingerprint(identity), judge_label(identity, section.options)


def refuse_other_judges(cells: Sequence[Cell], plan: Plan) -> None:
    """Refuse rows with different judges; files that options name, a template or weights, count by their content.

    Raises:
        BenchError: which judge, with what it judges with, is whose.
    """
    judges: dict[str, dict[str, str]] = {}
    for cell in cells:
        if cell.verdicts:
            key, name = judge_of(cell, plan)
            judges.setdefault(key, {})[cell.loaded.label] = name
    if len(judges) > 1:
        lines = [f"  {', '.join(names)}: {next(iter(names.values()))} ({key})" for key, names in judges.items()]
        raise BenchError(
            "not comparable, since the verdicts are of different judges, or of one with other options or templates:\n"
            + "\n".join(lines)
            + "\nGive all recipes the same judge, or add --allow-different for an audit, which names each row's judge."
        )


def differing(loaded: Sequence[Loaded], *, baseline: str | None = None) -> dict[str, str]:
    """Label -> the keys of the setting in which it differs from the baseline (the first recipe), with both values."""
    base = next((item for item in loaded if item.label == baseline), loaded[0])
    first = flat(base.comparable_values())
    differences: dict[str, str] = {}
    for item in loaded:
        other = flat(item.comparable_values())
        keys = [k for k in sorted({*first, *other}) if first.get(k) != other.get(k)]
        keys = [k for k in keys if not counts_once(k, first.get(k), other.get(k))]
        if keys:
            differences[item.label] = "; ".join(f"{k} is {other.get(k)}, not {first.get(k)}" for k in keys)
    return differences
