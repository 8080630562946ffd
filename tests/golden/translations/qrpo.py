"""QRPO: quantile rewards are the scores of the two responses there, and the case's id names the partition function."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """`...exact` and `...released`."""
    return {**case["hyper"], "log_z": case["id"].rpartition(".")[2]}


TRANSLATION = Translation(hyper=hyper, columns={"quantile": ("chosen_score", "rejected_score")})
