"""TR-DPO: the reference is the one that follows the policy, as it is at that step."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair with the moving reference in the place of the frozen one."""
    leaf, both = pair_scores(case["inputs"], Translation())
    return leaf, replace(both, _reference=None, _live_reference=both.reference)


TRANSLATION = Translation(scores=scores)
