"""ASFT: lambda is our weight; the tempered case has no likelihood term."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """Lambda of the one-stage form, or beta of the tempered one."""
    given = dict(case["hyper"])
    return {"weight": given.pop("lambda")} | given if "lambda" in given else given | {"sft_weight": 0.0}


TRANSLATION = Translation(hyper=hyper)
