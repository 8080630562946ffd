"""DNO-Prct: the anchor stands in the slot of the reference there; here it is the policy that the round starts from."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its anchor."""
    leaf, of_pair = pair_scores(case["inputs"], Translation())
    return leaf, replace(of_pair, _reference=None, _previous=of_pair.reference)


TRANSLATION = Translation(scores=scores)
