"""CPO: the weight of the likelihood is nll_weight there; a case without one is the preference term alone."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """The weight is 0 where none is given."""
    given = dict(case["hyper"])
    return {"beta": given["beta"], "sft_weight": given.get("nll_weight", 0.0)}


TRANSLATION = Translation(hyper=hyper)
