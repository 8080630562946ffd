"""MADPO: the reward margin is the reward of the chosen response, that of the rejected one is zero."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair, with rewards whose difference is the margin."""
    margins = case["inputs"]["rm_margin"]
    inputs = {**case["inputs"], "zero": [0.0] * len(margins)}
    return pair_scores(inputs, Translation(reward=("rm_margin", "zero")))


TRANSLATION = Translation(
    renamed={"lambda": "steepness"},
    scores=scores,
    left_out={"madpo.weights": "weights without a loss; tests/methods/test_madpo.py has these five values"},
)
