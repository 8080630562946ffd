"""DiscoPOP: the variant says which gate."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """The released code has no tau."""
    return case["hyper"] | {"gate": "unscaled" if case["variant"].startswith("released") else "scaled"}


TRANSLATION = Translation(hyper=hyper)
