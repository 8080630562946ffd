"""Two-sided critical values of a mean over a few seeds, whose share of the variance is an estimate as well.

A t with Satterthwaite's degrees of freedom covers too little where the seeds have most of the variance, and Welch's
series, of which few seeds leave only the first terms of use, mends half of that (docs/statistics.md). These values were
solved for instead: for normal effects of seeds, and a rest of the variance that is known, they make the 95 % interval
cover 0.95 at every share that the seeds may truly have. Which value an interval takes goes by the share that was seen.
`python -m tests.comparison.degrees solve` computes them.
"""

from __future__ import annotations

import numpy as np
from scipy import special

LEVEL = 0.95
VALUES: dict[int, tuple[float, ...]] = {
    3: (
        1.96,
        1.96,
        1.96,
        1.96,
        1.96,
        1.988,
        2.155,
        2.441,
        2.763,
        3.049,
        3.264,
        3.408,
        3.499,
        3.565,
        3.632,
        3.717,
        3.827,
        3.955,
        4.084,
        4.2,
        4.303,
    ),
    4: (
        1.96,
        1.96,
        1.968,
        1.977,
        1.982,
        1.992,
        2.022,
        2.083,
        2.175,
        2.289,
        2.408,
        2.518,
        2.612,
        2.69,
        2.757,
        2.824,
        2.895,
        2.97,
        3.045,
        3.115,
        3.182,
    ),
    5: (
        1.96,
        1.961,
        1.965,
        1.972,
        1.98,
        1.993,
        2.013,
        2.044,
        2.087,
        2.142,
        2.204,
        2.27,
        2.335,
        2.397,
        2.454,
        2.509,
        2.563,
        2.617,
        2.671,
        2.724,
        2.776,
    ),
}
"""Number of seeds -> values at shares from 0 to 1 in equal steps, straight lines between them."""


def critical_value(k: int, share: float) -> float | None:
    """Of the 95 % interval of k seeds that were seen to have a share of the squared standard error; none for other k.

    At a share of 0 it is the normal distribution's, since the rest is known; at 1 that of the t with k - 1 degrees of
    freedom.
    """
    values = VALUES.get(k)
    if values is None:
        return None
    return float(np.interp(share, np.linspace(0, 1, len(values)), values))


def even_df(k: int, n: int, share: float, level: float) -> float | None:
    """Degrees of freedom whose t quantile is that critical value; none where there is none.

    Args:
        k: seeds.
        n: prompts. Their own uncertainty widens the value by as much as a t with n - 1 degrees of freedom is wider than
            the normal distribution, at most to what the smaller margin of the table has.
        share: that was seen.
        level: of the interval.
    """
    value = critical_value(k, share) if level == LEVEL else None
    if value is None:
        return None
    upper = (1 + level) / 2
    normal, prompts = float(special.ndtri(upper)), float(special.stdtrit(n - 1, upper))
    widened = min(value * prompts / normal, float(special.stdtrit(min(k, n) - 1, upper)))
    return max(float(special.stdtridf(upper, widened)), float(min(k, n) - 1))
