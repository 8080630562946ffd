"""TGDPO: the guide's log-ratio of each token becomes its log-probability."""

from __future__ import annotations

from dataclasses import replace

from benchbench.core.scores import Logps

from ..inputs import SIDES, padded, pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its guide."""
    leaf, both = pair_scores(case["inputs"], Translation())
    ratios = [[case["inputs"][f"reward_token_logratio_{side}"][0] for side in SIDES]]
    guide = both.reference.token + padded(ratios, both.reference.response)
    return leaf, replace(both, _anchors={"guide": Logps(guide, both.reference.response)})


TRANSLATION = Translation(scores=scores)
