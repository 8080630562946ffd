"""Pseudo-labels: pairs in the order of a reward model's rewards, where it is sure of that order."""

from __future__ import annotations

from dataclasses import replace

from benchbench.core.example import Example
from benchbench.core.logistic import sigmoid
from benchbench.data.serial import to_json
from benchbench.stages.context import Result, StageContext
from benchbench.stages.pseudo_labels.settings import PseudoLabelSettings
from benchbench.store.made import write_made
from benchbench.store.rows import read_rows


def run(context: StageContext[PseudoLabelSettings]) -> Result:
    """Leave the labelled pairs and, after them, the pseudo-labelled ones."""
    settings = context.settings
    rows = read_rows(context.input("rewards")).sort_values(["example", "candidate"])
    rewards = {str(name): group.tolist() for name, group in rows.groupby("example")["reward"]}
    unlabelled = context.examples()
    ordered = [in_order_of(example, rewards[example.id], threshold=settings.threshold) for example in unlabelled]
    taken = [example for example in ordered if example is not None]
    turned = sum(rewards[example.id][0] < rewards[example.id][1] for example in unlabelled)
    pairs = [*context.examples(settings.labelled), *taken]
    counts = write_made(context.folder, {settings.labelled.split: pairs}, to_json)
    summary = {"taken": len(taken), "left_out": len(unlabelled) - len(taken), "ordered_otherwise": turned}
    return Result(0, {"examples": counts, **summary})


def in_order_of(example: Example, rewards: list[float], *, threshold: float) -> Example | None:
    """The pair with the response of the higher reward first, or none where its order is not sure enough.

    Args:
        example: two candidates, in any order; columns that say something of the pair as it was ordered are left out,
            and so are roles, which its order gives it now.
        rewards: of the two.
        threshold: probability of the order, sigmoid of the difference of the rewards, that must be exceeded.
    """
    first, second = rewards
    if not sigmoid(abs(first - second)) > threshold:
        return None
    ordered = replace(example, roles=None).taking((0, 1) if first > second else (1, 0))
    columns = {name: column for name, column in ordered.columns.items() if isinstance(column, tuple)}
    return replace(ordered, id=f"pseudo-{example.id}", label=None, columns=columns)
