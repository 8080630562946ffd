"""SRPO: a case with the two losses as a vector."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    left_out={"srpo.losses": "two losses and no single value; tests/methods/test_srpo.py has both"},
)
