"""Robust DPO: the share of flipped labels is eps there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(renamed={"eps": "label_smoothing"})
