"""EXO: the smoothing is eps there; the target of the authors' code has none, but a log-probability of -10."""

from __future__ import annotations

import math

from ..translation import Translation


def hyper(case):
    """The smoothing that stands for log p = (0, -10) is exp(-10)."""
    given = case["hyper"]
    if case["id"].endswith("official_code"):
        return {"beta": given["beta"], "label_smoothing": math.exp(-10), "normalise_target": False}
    return {"beta": given["beta"], "label_smoothing": given["eps"]}


TRANSLATION = Translation(hyper=hyper)
