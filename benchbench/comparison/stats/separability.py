"""Linear separability of chosen and rejected responses: how well a line tells them apart by a few numbers of each.

More is Less (arXiv:2504.02193) fits a logistic probe to hidden states of chosen and rejected responses: where the two
are told apart almost perfectly, a preference method can learn what gives them away (a source, a style, a length) in the
place of what makes one better. Here the features are any numbers of each response that rows hold. Both responses of a
pair are in one fold, and so is a whole prompt: the probe is scored on prompts that it has not seen. The paper's exact
probe and split could not be read; this is a logistic regression with an L2 penalty of scikit-learn's form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.measurement import Array

FOLDS = 5
PENALTY = 1.0
"""Inverse of scikit-learn's `C`, its default."""


@dataclass(frozen=True)
class Separability:
    """How well held-out responses are told apart."""

    accuracy: float
    """Share of responses on their side; 0.5 by chance, NaN where nothing could be fitted."""
    pair_accuracy: float
    """Share of pairs whose chosen response the probe scores above its rejected one, ties one half."""
    pairs: int
    note: str = ""


def separability(chosen: Array, rejected: Array, *, prompt: Array | None = None, folds: int = FOLDS) -> Separability:
    """Cross-validated logistic probe between the responses of pairs.

    Args:
        chosen: [n, d] features of the chosen responses.
        rejected: [n, d] of the rejected ones.
        prompt: [n] number of each pair's prompt; none where every pair has a prompt of its own.
        folds: of prompts, in the order of their numbers: the i-th is in fold i modulo `folds`.

    Raises:
        ValueError: arrays of other shapes, or fewer than two folds.
    """
    from sklearn.linear_model import LogisticRegression

    if chosen.shape != rejected.shape or chosen.ndim != 2 or folds < 2:
        raise ValueError(f"expected two arrays [n, d] and two folds, got {chosen.shape}, {rejected.shape} and {folds}")
    fold = (np.arange(len(chosen)) if prompt is None else np.unique(prompt, return_inverse=True)[1]) % folds
    note = _unfit(chosen, rejected, fold, folds)
    if note:
        return Separability(float("nan"), float("nan"), len(chosen), note)
    scores = np.empty((len(chosen), 2))
    for number in range(folds):
        seen, unseen = fold != number, fold == number
        features = np.concatenate([chosen[seen], rejected[seen]])
        mean, sd = features.mean(axis=0), features.std(axis=0)
        sd = np.where(sd > 0, sd, 1.0)  # a constant feature says nothing
        probe = LogisticRegression(C=1 / PENALTY, max_iter=1000)
        probe.fit((features - mean) / sd, np.repeat([1, 0], seen.sum()))
        for side, values in enumerate((chosen, rejected)):
            scores[unseen, side] = probe.decision_function((values[unseen] - mean) / sd)
    right = np.stack([scores[:, 0] > 0, scores[:, 1] <= 0]).mean()
    ordered = (np.sign(scores[:, 0] - scores[:, 1]) + 1).mean() / 2
    return Separability(float(right), float(ordered), len(chosen))


def _unfit(chosen: Array, rejected: Array, fold: Array, folds: int) -> str:
    """Why there is no probe; mostly empty."""
    if not (np.isfinite(chosen).all() and np.isfinite(rejected).all()):
        return "a feature is not finite"
    if len(np.unique(fold)) < folds:
        return f"fewer than {folds} prompts: no prompt is left to score the probe on in every fold"
    return ""
