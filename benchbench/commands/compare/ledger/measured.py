"""The ledger as it was: what stages recorded of each row, in the place of what was planned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchbench.commands.compare.ledger.drawing import AFTER_SELECTION, REDRAWN
from benchbench.commands.compare.ledger.planned import is_trained, planned_training, rows_of, with_rewards
from benchbench.comparison.ledger import Ledger, LedgerRow, together
from benchbench.core.split_shape import SplitShape
from benchbench.data.rollout_json import group_of
from benchbench.data.serial import from_json, prompt_hash
from benchbench.plan.graph import Cell, EarlierTraining, Plan
from benchbench.store.made import made_lines
from benchbench.store.prepared import read_prepared
from benchbench.store.runs import RunStore

KlOf = Mapping[tuple[str, int], float]
"""(label, seed) -> KL of its policy to the start, nats per response."""
NO_KL = "no KL: no answers whose log-probabilities under the start are known"
NO_STEPS = "no steps recorded"


def measured(cells: Sequence[Cell], plan: Plan, store: RunStore, kl: KlOf) -> Ledger:
    """The ledger of finished cells, by label; the policy that all start from has no row.

    Args:
        cells: finished.
        plan: of the cells.
        store: where their records are.
        kl: of the cells whose answers are known.
    """
    ledger: dict[str, list[LedgerRow]] = {}
    for cell in cells:
        if is_trained(cell):
            of_cell = kl.get((cell.loaded.label, cell.seed), math.nan)
            ledger.setdefault(cell.loaded.label, []).append(measured_row(cell, plan, store, of_cell))
    return ledger


def measured_row(cell: Cell, plan: Plan, store: RunStore, kl: float) -> LedgerRow:
    """What one finished cell took, as its stages recorded it, with the trainings that its own goes on from."""
    assert cell.policy is not None, "a method trains a policy"
    rows = [_training(training, plan, store) for training in cell.trainings]
    row = together(rows, rows_of(cell, plan))
    if math.isnan(row.prompts) and not row.draws:
        most = math.fsum(of_training.prompts for of_training in rows)
        row = replace(row, prompts=min(most, _prompts_of_all(store.root, cell.trainings, rows)))
    row = with_rewards(row, cell, plan, _shapes(store.root, cell.data))
    rewards = [key for key in plan.under([cell.policy]) if key.partition("/")[0] == "reward"]
    seconds = {**row.seconds, "label": row.seconds["label"] + seconds_of(rewards, store)}
    further = [(NO_KL, math.isnan(kl)), (NO_STEPS, math.isnan(row.steps))]
    notes = (*row.notes, *(note for note, is_said in further if is_said))
    return replace(row, seconds=seconds, kl=kl, notes=notes)


def _training(cell: Cell | EarlierTraining, plan: Plan, store: RunStore) -> LedgerRow:
    """What one training took by itself; what its rewards took is left out."""
    assert cell.policy is not None, "a method trains a policy"
    online = _summary(cell.policy, store).get("online")
    labels = [place.label for place in cell.rounds if place.label is not None]
    if cell.rounds:
        answers = _total(labels, "answers", store) if labels else None
    else:
        answers = online["labels"] if online else None
    row = planned_training(cell, plan, _shapes(store.root, cell.data), answers=answers)
    trained = [key for place in cell.rounds for key in place.trained] or [cell.policy]
    row = replace(
        row,
        steps=_total(trained, "steps", store),
        train_tokens=math.fsum(_tokens(key, store) for key in trained),
        seconds={"draw": 0.0, "label": 0.0, "train": seconds_of(trained, store)},
        notes=tuple(note for note in row.notes if note not in (AFTER_SELECTION, REDRAWN)),
    )
    if cell.rounds:
        beside = [drawn for key in trained if (drawn := _summary(key, store).get("online"))]
        return _with_beside(_of_rounds(row, cell, store), beside)
    different = len(_different_prompts(store.root, cell.data, row.split))
    return _of_online(row, online, different) if online else replace(row, prompts=min(row.prompts, different))


def _of_rounds(row: LedgerRow, cell: Cell | EarlierTraining, store: RunStore) -> LedgerRow:
    """The row with what its rollouts drew, and how long that and the labels took."""
    rollouts = [place.rollout for place in cell.rounds]
    labels = [place.label for place in cell.rounds if place.label is not None]
    return replace(
        row,
        prompts=_answered_prompts(store.root, tuple(rollouts), row.split),
        responses=_total(rollouts, "responses", store),
        generated_tokens=_total(rollouts, "generated_tokens", store),
        seconds={**row.seconds, "draw": seconds_of(rollouts, store), "label": seconds_of(labels, store)},
    )


def _with_beside(row: LedgerRow, beside: Sequence[Mapping[str, Any]]) -> LedgerRow:
    """The row of rounds with what was drawn beside their rows while they were trained on."""
    if not beside:
        return row
    drawing = math.fsum(drawn["seconds"]["draw"] for drawn in beside)
    return replace(
        row,
        responses=row.responses + math.fsum(drawn["responses"] for drawn in beside),
        generated_tokens=row.generated_tokens + math.fsum(drawn["generated_tokens"] for drawn in beside),
        seconds={**row.seconds, "draw": row.seconds["draw"] + drawing, "train": row.seconds["train"] - drawing},
    )


def _of_online(row: LedgerRow, online: Mapping[str, Any], prompts: int) -> LedgerRow:
    """The row with what was drawn between its steps."""
    return replace(
        row,
        prompts=min(row.prompts, prompts),
        responses=float(online["responses"]),
        generated_tokens=float(online["generated_tokens"]),
        seconds=dict(online["seconds"]),
    )


def seconds_of(keys: Iterable[str], store: RunStore) -> float:
    """Wall time of stages, each once; NaN where one is not recorded."""
    records = [store.record(key) for key in dict.fromkeys(keys)]
    return math.fsum(math.nan if record is None else record.seconds for record in records)


def _total(keys: Iterable[str], name: str, store: RunStore) -> float:
    """Sum of a number that stages recorded; NaN where one did not. A stage that trained nothing took no steps."""
    return math.fsum(float(_summary(key, store).get(name, math.nan)) for key in keys)


def _tokens(key: str, store: RunStore) -> float:
    record = store.record(key)
    return math.nan if record is None else float(record.tokens)


def _summary(key: str, store: RunStore) -> Mapping[str, Any]:
    record = store.record(key)
    return {} if record is None else record.summary


@lru_cache(maxsize=4)
def _shapes(root: Path, key: str) -> Mapping[str, SplitShape]:
    prepared = read_prepared(root, key)
    assert prepared is not None, "a plan prepares what its cells read"
    return prepared.shapes


@lru_cache(maxsize=8)
def _different_prompts(root: Path, key: str, split: str) -> frozenset[str]:
    """Different prompts of a split of prepared data, which lies under its own content."""
    prepared = read_prepared(root, key)
    assert prepared is not None, "a plan prepares what its cells read"
    return frozenset(prompt_hash(from_json(line).prompt) for line in prepared.lines(split))


def _prompts_of_all(root: Path, trainings: Sequence[Cell | EarlierTraining], rows: Sequence[LedgerRow]) -> float:
    """Different prompts of the splits that some trainings read, together."""
    sets = [_different_prompts(root, each.data, row.split) for each, row in zip(trainings, rows, strict=True)]
    return float(len(frozenset().union(*sets)))


def _answered_prompts(root: Path, rollouts: Sequence[str], split: str) -> float:
    """Different prompts that finished rollouts drew responses to."""
    groups = (group_of(line) for key in rollouts for line in made_lines(RunStore(root).sound_folder(key), split))
    return float(len({group.prompt for group in groups}))
