"""REBEL: rewards are scores there."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(reward=("chosen_score", "rejected_score"))
