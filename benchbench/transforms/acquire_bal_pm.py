"""A batch of pairs to annotate that is uncertain and spread over the prompts (BAL-PM).

Score of a pair: U + beta H. U is the ensemble's disagreement, H(x) = log(2 d + 1e-4) - digamma(n + 1) / D the entropy
of its prompt's features x: d is the Euclidean distance to the k-th nearest point of the pool (the point itself is the
first), n the number of acquired points within d. The highest score is taken, n is counted anew, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_above_zero, require_at_least, require_at_least_zero
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import number_of

_EULER = 0.5772156649015329
_BLOCK = 256
"""Points whose distances to all others are in memory at once."""


@dataclass(frozen=True)
class Options:
    """The budget, and what an example is worth.

    Raises:
        ValueError: a value out of its range.
    """

    features: list[str]
    """Names of the columns with a number per example that make the prompt's features."""
    uncertainty: str = "uncertainty"
    """Column with a number per example: U, in nats; `ensemble_uncertainty` makes it."""
    budget: int = 320
    """Examples that are taken, >= 1; all where there are fewer."""
    beta: float = 0.01
    """Weight of the entropy, >= 0; 0 takes the most uncertain ones."""
    neighbours: int = 13
    """k, >= 1; a smaller pool takes its farthest point."""
    dimension: float = 1.0
    """D, > 0; 1 in the released code."""

    def __post_init__(self) -> None:
        if not self.features or len({*self.features}) < len(self.features):
            raise ValueError(f"features: expected one or more different columns, got {self.features}")
        require_at_least(self, 1, "budget", "neighbours")
        require_at_least_zero(self, "beta")
        require_above_zero(self, "dimension")


def greedy_batch(features: np.ndarray, uncertainty: np.ndarray, options: Options) -> list[int]:
    """Places of the taken points in the order they are taken; of equal scores the first.

    Args:
        features: [N, F] of the pool.
        uncertainty: [N] nats.
        options: of the acquisition.
    """
    pool, k = len(features), min(options.neighbours, len(features)) - 1
    radius = np.concatenate(
        [
            np.partition(_distances(features[at : at + _BLOCK], features), k, axis=1)[:, k]
            for at in range(0, pool, _BLOCK)
        ]
    )
    digamma = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, options.budget + 1))]) - _EULER  # of n + 1
    acquired = np.zeros(pool, dtype=int)
    free = np.ones(pool, dtype=bool)
    places: list[int] = []
    while len(places) < min(options.budget, pool):
        entropy = np.log(2 * radius + 1e-4) - digamma[acquired] / options.dimension
        place = int(np.argmax(np.where(free, uncertainty + options.beta * entropy, -np.inf)))
        places.append(place)
        free[place] = False
        acquired += _distances(features[place : place + 1], features)[0] <= radius
    return places


def _distances(rows: np.ndarray, features: np.ndarray) -> np.ndarray:
    """[R, N] Euclidean distances."""
    return np.sqrt(((rows[:, None, :] - features[None, :, :]) ** 2).sum(axis=2))


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The examples taken, in the order they are taken; the seed is not read."""
    names = [options.uncertainty, *options.features]
    rows = {place: [number_of(example, name) for name in names] for place, example in enumerate(examples)}
    pool = [place for place, values in rows.items() if all(value == value for value in values)]
    numbers = np.array([rows[place] for place in pool]).reshape(len(pool), len(names))
    batch = greedy_batch(numbers[:, 1:], numbers[:, 0], options) if pool else []
    dropped = {
        "feature or uncertainty missing": len(examples) - len(pool),
        "outside the budget": len(pool) - len(batch),
    }
    return [examples[pool[k]] for k in batch], Counts(dropped)


TRANSFORM = Transform(
    name="acquire_bal_pm",
    options=Options,
    apply=apply,
    reads=lambda options: tuple(Column(name, missing="keep") for name in (options.uncertainty, *options.features)),
    paper=Paper(
        "Melo et al.",
        2024,
        arxiv="2406.10023",
        title="Deep Bayesian Active Learning for Preference Modeling in Large Language Models",
        note="luckeciano/BAL-PM at f4af76a; values of its script. Features are taken as they are.",
    ),
)
