"""DPO of a last layer alone, on frozen embeddings, where every answer is one of two tokens.

The setting of Im and Li 2024, arXiv:2403.18742: the log-ratio of the two answers is u.x, with u the change of the
difference of the two tokens' weights, and the loss of a statement x of side y is -log sigmoid(beta y u.x).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from benchbench.core.measurement import Array


class Behaviour(NamedTuple):
    """The statements of one behaviour."""

    embeddings: Array
    """[n, d] around the midpoint of the two sides' means, in standard deviations within sides."""
    sides: Array
    """[n] 1 where the preferred answer is yes, -1 where it is no."""

    @property
    def distance(self) -> float:
        """Distance of the two sides' means, in standard deviations within sides."""
        means = [self.embeddings[self.sides == side].mean(axis=0) for side in (1, -1)]
        return float(np.linalg.norm(means[0] - means[1]))


def behaviours_of(embeddings: Array, sides: Array, names: Array) -> Mapping[str, Behaviour]:
    """The behaviours of statements, in one unit.

    Args:
        embeddings: [n, d].
        sides: [n] 1 or -1.
        names: [n] behaviour of each statement.

    Raises:
        ValueError: a behaviour of one side alone, or no spread within any side.
    """
    deviations, centred = [], {}
    for name in dict.fromkeys(names.tolist()):
        x, y = embeddings[names == name], sides[names == name]
        if len(np.unique(y)) < 2:
            raise ValueError(f"behaviour '{name}': expected statements of both sides, found one side alone")
        means = {side: x[y == side].mean(axis=0) for side in (1, -1)}
        deviations += [x[y == side] - means[side] for side in (1, -1)]
        centred[name] = Behaviour(x - (means[1] + means[-1]) / 2, y)
    unit = math.sqrt(float((np.concatenate(deviations) ** 2).mean()))
    if unit == 0:
        raise ValueError("expected embeddings that differ within a side, found none")
    return {name: behaviour._replace(embeddings=behaviour.embeddings / unit) for name, behaviour in centred.items()}


def loss_curves(behaviours: Mapping[str, Behaviour], *, beta: float, rate: float, steps: int) -> Mapping[str, Array]:
    """Behaviour -> [steps + 1] mean loss, nats, while one last layer is trained on the mean over behaviours.

    Args:
        behaviours: what is learnt together.
        beta: DPO's, > 0.
        rate: learning rate of gradient descent from u = 0, > 0.
        steps: number of steps.
    """
    signed = {name: beta * each.sides[:, None] * each.embeddings for name, each in behaviours.items()}
    weights = np.zeros(next(iter(signed.values())).shape[1])
    curves: dict[str, list[float]] = {name: [] for name in signed}
    for _ in range(steps + 1):
        gradient = np.zeros_like(weights)
        for name, x in signed.items():
            margin = x @ weights
            curves[name].append(float(np.logaddexp(0, -margin).mean()))
            gradient -= (x / (1 + np.exp(np.clip(margin, -700, 700)))[:, None]).mean(axis=0) / len(signed)
        weights = weights - rate * gradient
    return {name: np.array(curve) for name, curve in curves.items()}
