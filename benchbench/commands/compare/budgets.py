"""What each row of a comparison was trained with, and where that differs: no error, but a line above every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchbench.core.hashing import fingerprint
from benchbench.plan.graph import Cell, Plan
from benchbench.store.runs import RunStore

_KINDS = {"preference": "", "sft": "SFT ", "reward_model": "reward model "}
"""Kind of a training stage -> what its numbers are called; those of preference training need no name."""

Budget = Mapping[str, Mapping[str, str]]
"""Kind of a training stage -> quantity -> its value in words."""


def budget_lines(cells: Sequence[Cell], plan: Plan, store: RunStore, *, baseline: str) -> list[str]:
    """One line for every row whose training differs from the baseline's in steps, batch, epochs, data or stages.

    A row without preference training, such as SFT, is the start of the others and is compared with them by its SFT
    stage alone; where it is the baseline, the first trained row takes its place.

    Args:
        cells: finished cells.
        plan: their plan.
        store: where their records are.
        baseline: label.
    """
    budgets = {label: _budget([c for c in cells if c.loaded.label == label], plan, store) for label in _labels(cells)}
    trained = [label for label, budget in budgets.items() if "preference" in budget]
    first = baseline if baseline in trained or not trained else trained[0]
    lines = []
    for label, budget in budgets.items():
        of_row, of_first = _different(budget, budgets[first])
        if of_row:
            lines.append(f"training budgets differ: {label} {', '.join(of_row)}; {first} {', '.join(of_first)}")
    return lines


def _labels(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.loaded.label for cell in cells))


def _different(budget: Budget, other: Budget) -> tuple[list[str], list[str]]:
    """What differs, in words of each side."""
    of_row: list[str] = []
    of_first: list[str] = []
    alike = ("preference" in budget) == ("preference" in other)
    for kind, name in _KINDS.items():
        row_side, first_side = budget.get(kind), other.get(kind)
        if row_side == first_side or (kind != "sft" and not alike):
            continue
        for side, opposite, words in ((row_side, first_side, of_row), (first_side, row_side, of_first)):
            if side is None:
                words.append(f"no {name.strip()}")
            else:
                shown = [value for key, value in side.items() if opposite is None or opposite.get(key) != value]
                words.append(name + ", ".join(shown))
    return of_row, of_first


def _budget(cells: Sequence[Cell], plan: Plan, store: RunStore) -> Budget:
    """The training that one row's policies rest on, over its seeds."""
    stages: dict[str, dict[str, None]] = {}
    for cell in cells:
        for key in _under(plan, cell.reward if cell.loaded.recipe.is_reward_model else cell.policy):
            kind = plan.stages[key].kind
            if kind in _KINDS:
                stages.setdefault(kind, {})[key] = None
    return {kind: _quantities(list(keys), plan, store) for kind, keys in stages.items()}


def _under(plan: Plan, key: str | None) -> list[str]:
    """A stage and every stage that it rests on."""
    if key is None:
        return []
    return [key, *(below for needed in plan.stages[key].inputs.values() for below in _under(plan, needed))]


def _quantities(keys: Sequence[str], plan: Plan, store: RunStore) -> dict[str, str]:
    settings = plan.stages[keys[0]].settings
    training, data = settings.training, settings.data
    records = [record for key in keys if (record := store.record(key)) is not None]
    steps = sorted({int(record.summary["steps"]) for record in records if "steps" in record.summary})
    examples = sorted({int(record.summary["examples"]) for record in records if "examples" in record.summary})
    epochs = {} if training.max_steps is not None else {"epochs": _count(training.num_train_epochs, "epoch")}
    return {
        **epochs,
        "steps": _span(steps, "step"),
        "batch": f"batches of {training.global_batch_size}",
        "data": f"split {data.split} ({(data.hash or fingerprint(data.made_by))[:8]})",
        "examples": _span(examples, "example"),
        "tokens": f"{sum(record.tokens for record in records)} tokens",
    }


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}{'' if number == 1 else 's'}"


def _span(numbers: Sequence[int], what: str) -> str:
    """One number, or the smallest and the largest where seeds differ."""
    if len(numbers) > 1:
        return f"{numbers[0]} to {numbers[-1]} {what}s"
    return _count(numbers[0], what) if numbers else f"unknown {what}s"
