"""SLiC-HF: the weight of the likelihood term is lambda there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(renamed={"lambda": "sft_weight"})
