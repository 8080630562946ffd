"""F-DPO: the margin is lambda there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    renamed={"lambda": "factual_margin"}, columns={"violation": ("violation_chosen", "violation_rejected")}
)
