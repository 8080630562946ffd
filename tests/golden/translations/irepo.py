"""iREPO: the share of votes stands among the hyper-parameters there."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its column."""
    inputs = {**case["inputs"], "p_votes": [case["hyper"]["p_hat"]]}
    return pair_scores(inputs, Translation(columns={"p_votes": ("p_votes",)}))


TRANSLATION = Translation(hyper=lambda case: {"beta": case["hyper"]["beta"]}, scores=scores)
