"""RRHF: the case's id names the reduction of the likelihood term."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """`rrhf.K4` has the mean over the best response's tokens, `rrhf.K4.sft_sum` their sum."""
    return {**case["hyper"], "sft_reduction": "sum" if case["id"].endswith("sft_sum") else "mean"}


TRANSLATION = Translation(
    hyper=hyper,
    left_out={
        "rrhf.K4.released": "the released likelihood term depends on how far the batch is padded; ours does not",
    },
)
