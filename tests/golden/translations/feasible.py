"""Feasible learning: the pair's multiplier stands among the hyper-parameters there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    hyper=lambda case: {name: case["hyper"][name] for name in ("beta", "bound")}, carried={"multiplier": "multiplier"}
)
