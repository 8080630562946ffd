"""TPO-L: the cases of TPO on triples that are length-normalised."""

from __future__ import annotations

from benchbench.core.scores import Scores

from ..inputs import beside, further, pair_scores
from ..translation import Translation


def scores(case):
    """The gold response before the pair."""
    leaf, of_pair = pair_scores(case["inputs"], Translation())
    return leaf, Scores(beside(further(case["inputs"]["gold_token_logps"]), of_pair.policy))


SUMMED = "on summed log-probabilities, which is method tpo_triple, where this case is run"
TRANSLATION = Translation(
    names=("tpo_triple",),
    scores=scores,
    left_out={f"tpo_triple.{case}": SUMMED for case in ("B.sigmoid", "B.hinge", "D")},
)
