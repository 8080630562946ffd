"""The ledger as it was: what stages recorded of each row, in the place of what was planned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from benchbench.commands.compare.ledger.planned import is_trained, planned_row
from benchbench.comparison.ledger import Ledger, LedgerRow
from benchbench.core.split_shape import SplitShape
from benchbench.data.serial import from_json, prompt_hash
from benchbench.plan.graph import Cell, Plan
from benchbench.store.prepared import read_prepared
from benchbench.store.runs import RunStore

KlOf = Mapping[tuple[str, int], float]
"""(label, seed) -> KL of its policy to the start, nats per response."""
NO_KL = "no KL: no answers whose log-probabilities under the start are known"


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
    row = planned_row(cell, plan, _shapes(store.root, cell.data))
    assert cell.policy is not None, "a method trains a policy"
    record = store.record(cell.policy)
    steps = None if record is None else record.summary.get("steps")
    notes = [note for note, is_said in ((NO_KL, math.isnan(kl)), ("no steps recorded", steps is None)) if is_said]
    return replace(
        row,
        prompts=min(row.prompts, _different_prompts(store.root, cell.data, row.split)),
        steps=math.nan if steps is None else float(steps),
        train_tokens=math.nan if record is None or not record.tokens else float(record.tokens),
        seconds={
            "draw": 0.0,
            "label": seconds_of(plan.under([cell.policy]), ("reward",), store),
            "train": seconds_of([cell.policy], ("preference",), store),
        },
        kl=kl,
        notes=(*row.notes, *notes),
    )


def seconds_of(keys: Sequence[str], kinds: Sequence[str], store: RunStore) -> float:
    """Wall time of the stages of some kinds; NaN where one is not recorded."""
    records = [store.record(key) for key in keys if key.partition("/")[0] in kinds]
    return math.fsum(math.nan if record is None else record.seconds for record in records)


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
