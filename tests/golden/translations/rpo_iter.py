"""Iterative RPO: TRL's route gives the weights of two losses."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """TRL's weights are one of the preference loss and alpha."""
    given = dict(case["hyper"])
    if "weights" not in given:
        return given
    preference, alpha = given.pop("weights")
    assert preference == 1.0
    return given | {"alpha": alpha, "reduction": "pooled"}


TRANSLATION = Translation(hyper=hyper)
