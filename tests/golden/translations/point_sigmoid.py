"""Pointwise cross-entropy: one list with a probability to win for each candidate."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import list_scores, numbers
from ..translation import Translation


def scores(case):
    """The list with its column, [1, K]."""
    leaf, made = list_scores(case["inputs"], Translation())
    return leaf, replace(made, _column={"win_rate": numbers(case["inputs"]["win_rate"]).T})


TRANSLATION = Translation(scores=scores)
