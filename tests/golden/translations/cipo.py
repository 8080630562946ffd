"""cIPO: the soft label is p_hat there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(columns={"p_chosen": ("p_hat",)})
