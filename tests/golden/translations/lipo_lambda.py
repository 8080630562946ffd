"""LiPO-lambda: one case gives the scores themselves, which are log-ratios to a reference of zero at beta 1."""

from __future__ import annotations

from ..inputs import list_scores
from ..translation import Translation


def hyper(case):
    """Scores that are given are not multiplied."""
    return {"beta": case["hyper"].get("beta", 1.0)}


def scores(case):
    """A list of responses of one token where the case gives scores alone."""
    inputs = case["inputs"]
    if "s" in inputs:
        zeros, ones = [0.0] * len(inputs["s"]), [1] * len(inputs["s"])
        inputs = {"policy_logp_sum": inputs["s"], "reference_logp_sum": zeros, "lengths": ones, "scores": inputs["psi"]}
    return list_scores(inputs, Translation())


TRANSLATION = Translation(hyper=hyper, scores=scores)
