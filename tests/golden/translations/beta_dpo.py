"""BetaDPO: the running mean stands among the hyper-parameters there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    hyper=lambda case: {"beta": case["hyper"]["beta"], "scaling": case["hyper"]["a"]}, carried={"gap_mean": "gap_mean"}
)
