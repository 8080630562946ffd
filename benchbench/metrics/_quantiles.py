"""Quantiles of many draws of the same pairs.

`numpy.quantile` puts every draw in an order that its few order statistics do not need, and looks at each for NaN; two
places of a partition are enough, between which its own interpolation then finds the quantile.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array


def quantile_of_draws(values: Array, places: Array, share: float) -> Array:
    """[draws] `numpy.quantile` of every draw, to the last bit.

    Args:
        values: [n] finite.
        places: [draws, m] of the values of each draw.
        share: of the values below the quantile, in [0, 1].
    """
    last = places.shape[1] - 1
    place = last * share
    below = int(place)
    ends = (below, min(below + 1, last))
    return np.quantile(np.partition(values[places], ends, axis=1)[:, list(ends)], place - below, axis=1)
