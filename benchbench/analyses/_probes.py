"""Which rows a probe is trained on and which it is tested on, shared by exhibits of this room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchbench.comparison.stats.linear_probe import folds_of
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.seeding import stream


def probe_parts(name: str, rows: Sequence[Row], folds: int, seed: int) -> list[tuple[Array, Array]]:
    """(rows to train on, rows to test) of each probe: as column `split` says, else folds of whole prompts.

    Args:
        name: of the dimension, for messages and draws.
        rows: of one dimension; each without a `prompt` is a prompt of its own.
        folds: of the cross-validation.
        seed: of the folds.

    Raises:
        BenchError: splits that are neither train nor test, or fewer prompts than folds.
    """
    splits = [row.get("split") for row in rows]
    if set(splits) != {None}:
        if set(splits) != {"train", "test"}:
            names = ", ".join(sorted(map(str, set(splits))))
            raise BenchError(f"states: dimension '{name}': expected the splits train and test, found {names}")
        is_train = np.array([split == "train" for split in splits])
        return [(np.flatnonzero(is_train), np.flatnonzero(~is_train))]
    names = [
        f"row {place}" if row.get("prompt") is None else f"prompt {row['prompt']}" for place, row in enumerate(rows)
    ]
    places = {prompt: place for place, prompt in enumerate(dict.fromkeys(names))}
    if len(places) < folds:
        raise BenchError(f"states: dimension '{name}': expected a prompt or more for each of {folds} folds")
    numbers = np.array([places[prompt] for prompt in names])
    parts = folds_of(len(places), folds, stream(seed, f"folds of {name}"))
    return [(np.flatnonzero(np.isin(numbers, train)), np.flatnonzero(np.isin(numbers, test))) for train, test in parts]
