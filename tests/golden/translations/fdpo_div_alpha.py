"""f-DPO with an alpha divergence: TRL's coefficient, one minus alpha, stands beside ours."""

from __future__ import annotations

from ..translation import Translation


def hyper(case):
    """Alpha and beta; the library's coefficient must agree with them."""
    given = dict(case["hyper"])
    assert given.pop("trl_f_alpha_divergence_coef") == 1 - given["alpha"]
    return given


TRANSLATION = Translation(hyper=hyper)
