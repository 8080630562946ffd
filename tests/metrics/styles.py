"""Prompts in several styles as pairs of every combination."""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import PairScores

from .scores import pair_scores


def expanded(chosen, rejected) -> PairScores:
    """Every combination of styles of [n, styles] scores as a pair."""
    n, styles = chosen.shape
    i, j = (np.tile(side.ravel(), n) for side in np.indices((styles, styles)))
    prompt = np.repeat(np.arange(n), styles * styles)
    return pair_scores(chosen[prompt, i], rejected[prompt, j], style_rank=(i, j))
