"""Signals of one group of responses, with what a shaping declares and nothing else; golden cases by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchbench.core.seeding import stream
from benchbench.core.shaping import GroupSignals, Shaping

GOLDEN = Path(__file__).parents[1] / "golden" / "shaping"


def golden(name: str) -> dict[str, Any]:
    """The one case of a shaping."""
    (case,) = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return case


def group(shaping: Shaping, seed: int = 0, *, responses: int = 4, vocabulary: int = 5) -> GroupSignals:
    """Random responses of 1 to 6 tokens, the third of them cut."""
    rng = stream(seed, "toy group")
    lengths = rng.integers(1, 7, size=responses).tolist()
    wins = rng.uniform(0, 1, size=(responses, responses))
    wins = np.triu(wins, 1) + np.tril(1 - wins.T, -1) + 0.5 * np.eye(responses)

    def tokens(low: float, high: float) -> tuple[np.ndarray, ...]:
        return tuple(rng.uniform(low, high, size=length) for length in lengths)

    def distribution(length: int) -> np.ndarray:
        logits = rng.normal(size=(length, vocabulary))
        return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))

    everything: dict[str, Any] = {
        "rewards": rng.normal(size=responses),
        "objectives": rng.normal(size=(responses, shaping.objectives(shaping.options()) or 3)),
        "wins": wins,
        "ended": np.arange(responses) != 2,
        "policy": tokens(-3, 0),
        "reference": tokens(-3, 0),
        "guide": tokens(-3, 0),
        "token_rewards": tokens(-1, 1),
        "values": tokens(-1, 1),
        "distributions": tuple(distribution(length) for length in lengths),
        "carried": rng.uniform(size=len(shaping.start(shaping.options()))),
    }
    columns = {name: rng.integers(0, 2, size=responses).astype(float) for name in shaping.columns}
    return GroupSignals(**{name: everything[name] for name in shaping.needs}, columns=columns)


def taken(signals: GroupSignals, order: list[int]) -> GroupSignals:
    """The same responses in another order."""

    def part(name: str, value: Any) -> Any:
        if value is None or isinstance(value, tuple):
            return None if value is None else tuple(value[place] for place in order)
        if name == "carried":
            return value
        return value[np.ix_(order, order)] if name == "wins" else value[order]

    parts = {name: part(name, value) for name, value in vars(signals).items() if name != "columns"}
    return GroupSignals(**parts, columns={name: value[order] for name, value in signals.columns.items()})
