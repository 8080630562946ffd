"""DPOP: the weight of the penalty is lambda there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(renamed={"lambda": "penalty_weight"})
