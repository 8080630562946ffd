"""The ledger as it is planned: prompts, responses, labels and updates of each row, before anything has run."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from benchbench import methods
from benchbench.batches.order import steps_in_epoch, total_steps
from benchbench.commands.compare.ledger.drawing import planned_online, planned_rounds, with_draws_beside
from benchbench.comparison.ledger import Ledger, LedgerRow, OracleAnswers, together
from benchbench.core.method import Candidates
from benchbench.core.split_shape import SplitShape
from benchbench.plan.graph import Cell, EarlierTraining, Plan
from benchbench.plan.prepared import Prepared
from benchbench.plan.starts import and_starts
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import REWARD_MODEL, SFT
from benchbench.stages.preference.settings import GUIDE

REWARD_STAGE = "reward_stage"
"""Oracle that the rewards of a split come from: the recipe's reward model, as the oracle of that name is."""
LISTS = "labels of lists are not counted: how many a ranking took is not known"
GUIDED = "labels that its guide was trained on are not counted: they are not those of a split's pairs"
NOT_HERE = "data are not on this machine"

Shapes = Mapping[str, SplitShape]


def planned(loaded: Sequence[Loaded], prepared: Sequence[Prepared], plan: Plan) -> Ledger:
    """What is planned of every row that trains a policy; what follows from running it is not known yet.

    Args:
        loaded: the recipes.
        prepared: what each of them reads.
        plan: of their cells.
    """
    every = and_starts(zip(loaded, prepared, strict=True))
    shapes = {reads.data_key: reads.data.shapes for _, reads in every}
    ledger: dict[str, list[LedgerRow]] = {}
    for cell in plan.cells:
        if is_trained(cell):
            ledger.setdefault(cell.loaded.label, []).append(planned_row(cell, plan, shapes))
    return ledger


def is_trained(cell: Cell) -> bool:
    """Whether the cell has a policy of its own, beside the one that all start from."""
    return cell.loaded.recipe.method.name not in (SFT, REWARD_MODEL)


def planned_row(cell: Cell, plan: Plan, shapes: Mapping[str, Shapes]) -> LedgerRow:
    """What is planned of one cell that trains a policy, with the trainings that its own goes on from.

    Args:
        cell: of a method.
        plan: that it is of.
        shapes: key of prepared data -> shapes of its splits.
    """
    rows = [planned_training(training, plan, shapes[training.data]) for training in cell.trainings]
    return with_rewards(together(rows, rows_of(cell, plan)), cell, plan, shapes[cell.data])


def rows_of(cell: Cell, plan: Plan) -> list[Hashable]:
    """What the rows of each of a cell's trainings are: a split's by its content, or drawn for this training alone."""
    keys: list[Hashable] = []
    for training in cell.trainings:
        settings = plan.stages[training.policy or ""].settings
        keys.append(training.policy if training.rounds or settings.online is not None else settings.data)
    return keys


def planned_training(
    cell: Cell | EarlierTraining, plan: Plan, shapes: Shapes, *, answers: float | None = None
) -> LedgerRow:
    """What is planned of one training alone; what its rewards took is left out.

    Args:
        cell: of a method, or a training that another one goes on from.
        plan: that it is of.
        shapes: of the splits of its data, by name.
        answers: that its oracle gave; none takes those that are planned.
    """
    assert cell.policy is not None, "a method trains a policy"
    settings = plan.stages[cell.policy].settings
    row = _on_split(cell, plan, shapes)
    if cell.rounds:
        sizes = examples_of(shapes, row.split), candidates_of(shapes, row.split)
        row = planned_rounds(row, cell, *sizes, answers)
        return row if settings.online is None else with_draws_beside(row, settings.online)
    if settings.online is not None:
        online = settings.online
        split = row.split if online.prompts is None else online.prompts.split
        seen, examples = seen_examples(row, shapes), examples_of(shapes, split)
        row = planned_online(row, online, split, examples=examples, answered=seen, answers=answers)
        return _with_labels_of_guide(row, cell, plan, shapes)
    return _with_labels_of_split(row, cell, shapes)


def with_rewards(row: LedgerRow, cell: Cell, plan: Plan, shapes: Shapes) -> LedgerRow:
    """The row with the labels of the reward models that its policy rests on, and with the responses that they scored.

    Args:
        row: without them.
        cell: whose policy it is.
        plan: that it is of.
        shapes: of the splits of its data, by name.
    """
    modelled = {plan.stages[key].settings.data.split for key in _under(cell, plan, "reward_model")}
    labels = float(sum(examples_of(shapes, name) for name in sorted(modelled)))
    scored = _rewarded(_under(cell, plan, "reward"), plan, shapes)
    return replace(row, labels_human=labels + row.labels_human, labels_oracle={**scored, **row.labels_oracle})


def _on_split(cell: Cell | EarlierTraining, plan: Plan, shapes: Shapes) -> LedgerRow:
    """The row as far as it does not depend on where its training rows come from; no labels are counted yet."""
    settings = plan.stages[cell.policy or ""].settings
    training, split = settings.training, settings.data.split
    examples = examples_of(shapes, split)
    batch, most = training.global_batch_size, training.max_steps
    steps = math.nan
    if most is not None or not math.isnan(examples):
        count = 0 if math.isnan(examples) else int(examples)
        steps = total_steps(count, batch, epochs=training.num_train_epochs, max_steps=most)
    return LedgerRow(
        label=cell.loaded.label,
        seed=cell.seed,
        source="split",
        split=split,
        prompts=min(examples, steps * batch),
        responses=0.0,
        generated_tokens=0.0,
        labels_human=0.0,
        labels_oracle={},
        steps=steps,
        batch=batch,
        train_tokens=math.nan,
        seconds={},
        kl=math.nan,
        notes=(NOT_HERE,) if math.isnan(examples) else (),
    )


def _with_labels_of_split(row: LedgerRow, cell: Cell | EarlierTraining, shapes: Shapes) -> LedgerRow:
    """The row with the labels of the examples that it is trained on."""
    labels = labels_of(cell, shapes.get(row.split), row.prompts)
    notes = (*row.notes, LISTS) if math.isnan(labels) and not math.isnan(row.prompts) else row.notes
    return replace(row, labels_human=row.labels_human + labels, notes=notes)


def _with_labels_of_guide(row: LedgerRow, cell: Cell | EarlierTraining, plan: Plan, shapes: Shapes) -> LedgerRow:
    """The row with the labels of the policy that shapes its draws; a note where those are not of a split's pairs."""
    key = plan.stages[cell.policy or ""].inputs.get(GUIDE)
    if key is None or plan.stages[key].kind != "preference":
        return row
    settings = plan.stages[key].settings
    candidates = methods.get(settings.method.name).candidates
    if settings.online is not None or settings.data.made_by is not None or candidates is not Candidates.PAIR:
        return replace(row, notes=(*row.notes, GUIDED))
    training, examples = settings.training, examples_of(shapes, settings.data.split)
    pairs = examples if training.max_steps is None else min(examples, training.max_steps * training.global_batch_size)
    return replace(row, labels_human=row.labels_human + pairs)


def labels_of(cell: Cell | EarlierTraining, shape: SplitShape | None, examples: float) -> float:
    """Labels that so many examples of a split took: one of each pair or labelled response; NaN of lists."""
    candidates = methods.get(cell.loaded.recipe.method.name).candidates
    if candidates is Candidates.ONE:
        return 0.0
    if candidates is Candidates.ANY and shape is not None and list(shape.candidates) != [2]:
        return math.nan
    return examples


def seen_examples(row: LedgerRow, shapes: Shapes) -> float:
    """Examples of all steps together, the last of each epoch being smaller."""
    examples = examples_of(shapes, row.split)
    if math.isnan(examples) or math.isnan(row.steps):
        return row.updates
    epochs, rest = divmod(int(row.steps), steps_in_epoch(int(examples), int(row.batch)))
    return epochs * examples + min(rest * row.batch, examples)


def candidates_of(shapes: Shapes, split: str) -> float:
    """Candidates of each example of a split; NaN where that is not one number."""
    shape = shapes.get(split)
    return float(shape.candidates[0]) if shape is not None and len(shape.candidates) == 1 else math.nan


def examples_of(shapes: Shapes, split: str) -> float:
    """Examples of a split; NaN where its data are not here, of which an empty split is assumed."""
    shape = shapes.get(split)
    return float(shape.examples) if shape is not None and shape.examples else math.nan


def _rewarded(keys: Iterable[str], plan: Plan, shapes: Shapes) -> dict[str, OracleAnswers]:
    """Responses of splits that a reward model scores for training."""
    splits = [plan.stages[key].settings.data.split for key in keys]
    counts = [examples_of(shapes, split) * candidates_of(shapes, split) for split in splits]
    return {REWARD_STAGE: OracleAnswers("scores", sum(counts))} if counts else {}


def _under(cell: Cell, plan: Plan, kind: str) -> list[str]:
    """Stages of a kind that the cell's policy rests on."""
    assert cell.policy is not None, "a method trains a policy"
    return [key for key in plan.under([cell.policy]) if plan.stages[key].kind == kind]
