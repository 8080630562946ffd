"""TARS in text: the log-ratio of the chosen response after a corrupted prompt stands as a third candidate."""

from __future__ import annotations

from benchbench.core.scores import Scores

from ..inputs import beside, further, pair_scores
from ..translation import Translation


def scores(case):
    """The pair, and a candidate of one token whose log-ratio is the one given."""
    (ratio,) = case["inputs"]["logratio_chosen_corrupted_input"]
    leaf, pair = pair_scores(case["inputs"], Translation())
    return leaf, Scores(beside(pair.policy, further([[ratio - 1]])), beside(pair.reference, further([[-1.0]])))


TRANSLATION = Translation(scores=scores)
