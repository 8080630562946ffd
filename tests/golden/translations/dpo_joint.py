"""DOVE: joint sums of prompt and response, as of one token each."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair, without lengths in the case."""
    return pair_scores({**case["inputs"], "chosen_len": [1], "rejected_len": [1]}, Translation())


TRANSLATION = Translation(scores=scores)
