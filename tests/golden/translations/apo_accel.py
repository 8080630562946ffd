"""INPO: a second anchor, the policy that the round starts from, by its sums."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import SIDES, logps, numbers, pair_scores
from ..translation import Translation


def scores(case):
    """The pair with both anchors."""
    leaf, of_pair = pair_scores(case["inputs"], Translation())
    total = numbers(*(case["inputs"][f"policy_previous_{side}_logp_sum"] for side in SIDES))
    return leaf, replace(of_pair, _previous=logps(total, of_pair.policy.length(), None))


TRANSLATION = Translation(scores=scores)
