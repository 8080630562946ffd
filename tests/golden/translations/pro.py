"""PRO: without a weight the ranking term alone; the pair has its scores as one list."""

from __future__ import annotations

from ..inputs import list_scores, pair_scores
from ..translation import Translation


def hyper(case):
    """The likelihood term counts where its weight is given."""
    return {"sft_weight": 0.0, **case["hyper"]}


def scores(case):
    """A pair of the collection has two `scores`, those of its one example."""
    inputs = case["inputs"]
    if "policy_logp_sum" in inputs:
        return list_scores(inputs, Translation())
    best, worst = inputs["scores"]
    return pair_scores({**inputs, "best": [best], "worst": [worst]}, Translation(reward=("best", "worst")))


TRANSLATION = Translation(hyper=hyper, scores=scores)
