"""The ledger as it was: what stages recorded of each row, in the place of what was planned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchbench.commands.compare.ledger.drawing import AFTER_SELECTION, REDRAWN
from benchbench.commands.compare.ledger.planned import is_trained, planned_row
from benchbench.comparison.ledger import Ledger, LedgerRow
from benchbench.core.split_shape import SplitShape
from benchbench.data.rollout_json import group_of
from benchbench.data.serial import from_json, prompt_hash
from benchbench.plan.graph import Cell, Plan
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
    """What one finished cell took, as its stages recorded it."""
    assert cell.policy is not None, "a method trains a policy"
    online = _summary(cell.policy, store).get("online")
    labels = [place.label for place in cell.rounds if place.label is not None]
    answers = online["labels"] if online else _total(labels, "answers", store) if labels else None
    row = planned_row(cell, plan, _shapes(store.root, cell.data), answers=answers)
    trained = [place.policy for place in cell.rounds] or [cell.policy]
    rewards = [key for key in plan.under([cell.policy]) if key.partition("/")[0] == "reward"]
    steps = _total(trained, "steps", store)
    row = replace(
        row,
        steps=steps,
        train_tokens=math.fsum(_tokens(key, store) for key in trained),
        seconds={"draw": 0.0, "label": seconds_of(rewards, store), "train": seconds_of(trained, store)},
        kl=kl,
        notes=tuple(note for note in row.notes if note not in (AFTER_SELECTION, REDRAWN)),
    )
    if cell.rounds:
        row = _of_rounds(row, cell, store)
    elif online:
        row = _of_online(row, online, _different_prompts(store.root, cell.data, row.split))
    else:
        row = replace(row, prompts=min(row.prompts, _different_prompts(store.root, cell.data, row.split)))
    further = [(NO_KL, math.isnan(kl)), (NO_STEPS, math.isnan(steps))]
    return replace(row, notes=(*row.notes, *(note for note, is_said in further if is_said)))


def _of_rounds(row: LedgerRow, cell: Cell, store: RunStore) -> LedgerRow:
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
def _different_prompts(root: Path, key: str, split: str) -> int:
    """Different prompts of a split of prepared data, which lies under its own content."""
    prepared = read_prepared(root, key)
    assert prepared is not None, "a plan prepares what its cells read"
    return len({prompt_hash(from_json(line).prompt) for line in prepared.lines(split)})


def _answered_prompts(root: Path, rollouts: Sequence[str], split: str) -> float:
    """Different prompts that finished rollouts drew responses to."""
    groups = (group_of(line) for key in rollouts for line in made_lines(RunStore(root).sound_folder(key), split))
    return float(len({group.prompt for group in groups}))
