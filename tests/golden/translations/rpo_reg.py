"""RPO-reg: the case's id names the regulariser; TRL's route gives the weights of two losses."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """TRL's weights are one of the preference loss and eta."""
    given = dict(case["hyper"])
    if "weights" in given:
        preference, given["eta"] = given.pop("weights")
        assert preference == 1.0
    return given | {"regularizer": case["id"].split(".")[1].replace("trl", "pooled")}


TRANSLATION = Translation(hyper=hyper)
