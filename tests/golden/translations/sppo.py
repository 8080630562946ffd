"""SPPO: win rates per response, or the pair's probability p and 1 - p."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its win rates; `sppo_single` gives p among the hyper-parameters."""
    inputs = dict(case["inputs"])
    if "p" in case["hyper"]:
        p = case["hyper"]["p"]
        inputs |= {"win_rate_chosen": [p], "win_rate_rejected": [1 - p]}
    return pair_scores(inputs, Translation(columns={"win_rate": ("win_rate_chosen", "win_rate_rejected")}))


TRANSLATION = Translation(hyper=lambda case: {"beta": case["hyper"]["beta"]}, scores=scores)
