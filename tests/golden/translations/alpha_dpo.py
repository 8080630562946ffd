"""AlphaDPO: the running mean and standard deviation stand among the hyper-parameters there."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """Ours; the two running numbers are carried."""
    given = case["hyper"]
    return {"beta": given["beta"], "alpha": given["alpha"], "margin": given["gamma_beta_ratio"]}


TRANSLATION = Translation(hyper=hyper, carried={"gap_mean": "gap_mean", "gap_std": "gap_std"})
