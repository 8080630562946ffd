"""MRPO: the second reference is an anchor; the weight of the first is fixed, and nothing is clipped."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import SIDES, logps, numbers, pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its second reference, whose tokens share its sum."""
    leaf, both = pair_scores(case["inputs"], Translation())
    total = numbers(*(case["inputs"][f"second_reference_{side}_logp_sum"] for side in SIDES))
    return leaf, replace(both, _anchors={"second": logps(total, both.policy.length(), None)})


def hyper(case):
    """Fixed weights."""
    return {"beta": case["hyper"]["beta"], "weighting": "fixed", "alpha": case["hyper"]["alpha_first"], "epsilon": 0.0}


TRANSLATION = Translation(hyper=hyper, scores=scores)
