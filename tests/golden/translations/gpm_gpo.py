"""GPO: one list with a mean preference score for each candidate."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import list_scores, numbers
from ..translation import Translation


def scores(case):
    """The list with its column, [1, K]."""
    leaf, made = list_scores(case["inputs"], Translation())
    return leaf, replace(made, _column={"preference_score": numbers(case["inputs"]["preference_score"]).T})


TRANSLATION = Translation(scores=scores)
