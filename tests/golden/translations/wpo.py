"""WPO: log collision probabilities from logits."""

from __future__ import annotations

from ..inputs import distribution_scores
from ..translation import Translation

TRANSLATION = Translation(scores=lambda case: distribution_scores(case, "log_collision"))
