"""ODPO: the cases have the two scores, our column their difference."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import SIDES, numbers, pair_scores
from ..translation import Translation


def scores(case):
    """Pairs with the gap of the scores as column."""
    leaf, without_gap = pair_scores(case["inputs"], Translation())
    chosen, rejected = numbers(*(case["inputs"][f"{side}_score"] for side in SIDES)).T
    return leaf, replace(without_gap, _column={"score_gap": chosen - rejected})


TRANSLATION = Translation(scores=scores)
