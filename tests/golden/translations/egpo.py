"""EGPO: the loss of its half steps."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    names=("egpo",),
    columns={"win_against_policy": ("p_chosen_vs_third", "p_rejected_vs_third")},
)
