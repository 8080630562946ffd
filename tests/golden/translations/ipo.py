"""IPO: beta is tau there, and the case's id names the reduction."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """`ipo_sum...` and `ipo_mean...`."""
    return {"beta": case["hyper"]["tau"], "reduction": case["id"].split(".")[0].removeprefix("ipo_")}


TRANSLATION = Translation(hyper=hyper)
