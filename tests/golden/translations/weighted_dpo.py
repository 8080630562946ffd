"""Weighted DPO: the column is in the case."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(columns={"weight": ("weight",)})
