"""CREAM: the consistency stands among the hyper-parameters there."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its column."""
    inputs = {**case["inputs"], "consistency": [case["hyper"]["C"]]}
    return pair_scores(inputs, Translation(columns={"consistency": ("consistency",)}))


TRANSLATION = Translation(hyper=lambda case: {"beta": case["hyper"]["beta"]}, scores=scores)
