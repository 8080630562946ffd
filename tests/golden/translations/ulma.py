"""ULMA: the collection has pointwise DPO of a good (chosen) and a bad (rejected) response."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def hyper(case):
    """The form that the case calculates."""
    return {**case["hyper"], "positives": "sigmoid"}


def scores(case):
    """The chosen response is labelled good, the rejected bad."""
    labels = {"good": [1.0], "bad": [0.0]}
    return pair_scores({**case["inputs"], **labels}, Translation(columns={"desirable": ("good", "bad")}))


TRANSLATION = Translation(hyper=hyper, scores=scores)
