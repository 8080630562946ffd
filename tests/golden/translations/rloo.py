"""RLOO: the library's names; advantages are compared elsewhere."""

from __future__ import annotations

from ..drawn_rows import ADVANTAGE, scores
from ..translation import Translation

TRANSLATION = Translation(
    scores=scores,
    renamed={"beta": "kl_weight"},
    left_out={f"rloo.adv.{name}": ADVANTAGE for name in ("b0", "b0.05", "b0.05.norm", "b0.05.clip")},
)
