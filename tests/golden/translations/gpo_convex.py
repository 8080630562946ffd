"""GPO: the variant is the function."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """The function of the case beside its beta."""
    return case["hyper"] | {"loss_type": case["variant"]}


TRANSLATION = Translation(hyper=hyper)
