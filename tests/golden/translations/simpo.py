"""SimPO: gamma is the margin times beta there; the variant names the hinge."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """Our margin is gamma / beta, nats per token."""
    given = dict(case["hyper"])
    given["margin"] = given.pop("gamma") / given["beta"]
    if "eps" in given:
        given["label_smoothing"] = given.pop("eps")
    return given | {"loss_type": "hinge" if case["variant"].startswith("hinge") else "sigmoid"}


TRANSLATION = Translation(hyper=hyper)
