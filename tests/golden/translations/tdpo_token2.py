"""TDPO, second form: divergences from logits, or their sums."""

from __future__ import annotations

from ..inputs import distribution_scores
from ..translation import Translation

TRANSLATION = Translation(scores=lambda case: distribution_scores(case, "reference_first"))
