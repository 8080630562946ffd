"""AlphaPO: gamma is the margin times beta there."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """Our margin is gamma / beta."""
    given = dict(case["hyper"])
    given["margin"] = given.pop("gamma") / given["beta"]
    return given


TRANSLATION = Translation(hyper=hyper)
