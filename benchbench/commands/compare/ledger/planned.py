"""The ledger as it is planned: prompts, responses, labels and updates of each row, before anything has run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from benchbench import methods
from benchbench.batches.order import total_steps
from benchbench.comparison.ledger import Answers, Ledger, LedgerRow
from benchbench.core.method import Candidates
from benchbench.core.split_shape import SplitShape
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.prepared import Prepared
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import REWARD_MODEL, SFT

REWARD_STAGE = "reward_stage"
"""Oracle that the rewards of a split come from: the recipe's reward model, as the oracle of that name is."""
LISTS = "labels of lists are not counted: how many a ranking took is not known"
NOT_HERE = "data are not on this machine"


def planned(loaded: Sequence[Loaded], prepared: Sequence[Prepared], plan: Plan) -> Ledger:
    """What is planned of every row that trains a policy; what follows from running it is not known yet.

    Args:
        loaded: the recipes.
        prepared: what each of them reads.
        plan: of their cells.
    """
    shapes = {item.label: reads.data.shapes for item, reads in zip(loaded, prepared, strict=True)}
    ledger: dict[str, list[LedgerRow]] = {}
    for cell in plan.cells:
        if is_trained(cell):
            ledger.setdefault(cell.loaded.label, []).append(planned_row(cell, plan, shapes[cell.loaded.label]))
    return ledger


def is_trained(cell: Cell) -> bool:
    """Whether the cell has a policy of its own, beside the one that all start from."""
    return cell.loaded.recipe.method.name not in (SFT, REWARD_MODEL)


def planned_row(cell: Cell, plan: Plan, shapes: Mapping[str, SplitShape]) -> LedgerRow:
    """What is planned of one cell that trains a policy.

    Args:
        cell: of a method.
        plan: that it is of.
        shapes: of the splits of its data, by name.
    """
    assert cell.policy is not None, "a method trains a policy"
    settings = plan.stages[cell.policy].settings
    training, split = settings.training, settings.data.split
    examples = _examples(shapes, split)
    steps = math.nan
    if training.max_steps is not None or not math.isnan(examples):
        count = 0 if math.isnan(examples) else int(examples)
        epochs, most = training.num_train_epochs, training.max_steps
        steps = total_steps(count, training.global_batch_size, epochs=epochs, max_steps=most)
    read = min(examples, steps * training.global_batch_size)
    human, notes = _human(cell, plan, shapes, split, read)
    return LedgerRow(
        label=cell.loaded.label,
        seed=cell.seed,
        source="split",
        split=split,
        prompts=read,
        responses=0.0,
        generated_tokens=0.0,
        labels_human=human,
        labels_oracle=_rewarded(_under(cell, plan, "reward"), plan, shapes),
        steps=steps,
        batch=training.global_batch_size,
        train_tokens=math.nan,
        seconds={},
        kl=math.nan,
        notes=(*notes, *([NOT_HERE] if math.isnan(examples) else [])),
    )


def _human(
    cell: Cell, plan: Plan, shapes: Mapping[str, SplitShape], split: str, read: float
) -> tuple[float, tuple[str, ...]]:
    """Labels of people: those of the examples that the policy reads, and of those that a reward model was given."""
    labels = labels_of(cell, shapes.get(split), read)
    splits = {plan.stages[key].settings.data.split for key in _under(cell, plan, "reward_model")}
    labels += sum(_examples(shapes, name) for name in sorted(splits))
    return labels, ((LISTS,) if math.isnan(labels) and not math.isnan(read) else ())


def labels_of(cell: Cell, shape: SplitShape | None, examples: float) -> float:
    """Labels that so many examples of a split took: one of each pair or labelled response; NaN of lists."""
    candidates = methods.get(cell.loaded.recipe.method.name).candidates
    if candidates is Candidates.ONE:
        return 0.0
    if candidates is Candidates.ANY and shape is not None and list(shape.candidates) != [2]:
        return math.nan
    return examples


def _rewarded(keys: Iterable[str], plan: Plan, shapes: Mapping[str, SplitShape]) -> dict[str, Answers]:
    """Responses of splits that a reward model scores for training."""
    counts = []
    for key in keys:
        shape = shapes.get(plan.stages[key].settings.data.split)
        sizes = [] if shape is None else list(shape.candidates)
        known = shape is not None and shape.examples and len(sizes) == 1
        counts.append(float(shape.examples * sizes[0]) if shape is not None and known else math.nan)
    return {REWARD_STAGE: Answers("scores", sum(counts))} if counts else {}


def _under(cell: Cell, plan: Plan, kind: str) -> list[str]:
    """Stages of a kind that the cell's policy rests on."""
    assert cell.policy is not None, "a method trains a policy"
    return [key for key in plan.under([cell.policy]) if plan.stages[key].kind == kind]


def _examples(shapes: Mapping[str, SplitShape], split: str) -> float:
    """Examples of a split; NaN where its data are not here, of which an empty split is assumed."""
    shape = shapes.get(split)
    return float(shape.examples) if shape is not None and shape.examples else math.nan
