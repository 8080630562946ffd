"""Online IPO, second version: the case of EGPO, whose two win rates differ as a pair's probability does from 1/2."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair with the probability that has the same target."""
    inputs = dict(case["inputs"])
    rates = zip(inputs["p_chosen_vs_third"], inputs["p_rejected_vs_third"], strict=True)
    inputs["p_chosen"] = [0.5 + win - other for win, other in rates]
    return pair_scores(inputs, Translation(columns={"p_chosen": ("p_chosen",)}))


TRANSLATION = Translation(names=("egpo",), scores=scores)
