"""Toy pair scores for the tests of the metrics."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from benchbench.core.measurement import PairScores


def pair_scores(
    chosen, rejected, *, gold=None, group=None, tie_credit=0.5, reference=(0, 1), n_tokens=(3, 5), **columns
) -> PairScores:
    """Pair scores from lists; `gold` is (chosen, rejected) and by default prefers every chosen response.

    `group` is one number per pair, by default one group. `reference` and `n_tokens` are (chosen, rejected), one number
    or one per pair; by default the reference has every pair wrong and every chosen response is the shorter one.
    `columns` are further ones, (chosen, rejected).
    """
    chosen, rejected = np.asarray(chosen, np.float64), np.asarray(rejected, np.float64)
    gold = (np.ones(len(chosen)), np.zeros(len(chosen))) if gold is None else gold
    columns = {name: _sides(values, len(chosen)) for name, values in {"gold": gold, **columns}.items()}
    stored = {"reference": _sides(reference, len(chosen)), "n_tokens": _sides(n_tokens, len(chosen))}
    groups = np.zeros(len(chosen)) if group is None else np.asarray(group, np.float64)
    columns["group"] = (groups, groups)
    columns.setdefault("style_rank", (np.arange(len(chosen)) % 9 // 3.0, np.arange(len(chosen)) % 3.0))
    return PairScores(chosen, rejected, columns, tie_credit, stored=stored)


def _sides(values, n) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.broadcast_to(np.asarray(side, np.float64), n).copy() for side in values)
    return first, second


def taken(scores: PairScores, places) -> PairScores:
    """Some of the pairs, in some order."""
    columns, stored = (
        {name: (first[places], second[places]) for name, (first, second) in beside.items()}
        for beside in (scores.columns, scores.stored)
    )
    return PairScores(scores.chosen[places], scores.rejected[places], columns, scores.tie_credit, stored=stored)


def random_scores(n=50, *, seed=0) -> PairScores:
    """Pair scores on a coarse grid, so that ties are common, with random gold, styles, reference and lengths."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(-4, 5, size=(4, n)) / 2
    beside = rng.integers(0, 9, size=(4, n)) / 2
    return pair_scores(
        drawn[0] + 0.5, drawn[1], gold=(drawn[2], drawn[3]), reference=beside[:2] - 4, n_tokens=2 * beside[2:]
    )


SIX_PAIRS = pair_scores([0.9, 0.3, 0.3, 1.4, -0.2, 0.7], [0.1, 0.5, 0.3, 0.2, -0.9, 0.6])
"""The pairs of the golden values, with one exact tie and one wrong pair."""


def tied_lists(*, min_size=2, max_size=30):
    """A strategy for (chosen, rejected) of one length, from few values so that ties happen."""
    values = st.sampled_from([-1.5, -1.0, 0.0, 0.25, 0.5, 3.0])
    return st.lists(st.tuples(values, values), min_size=min_size, max_size=max_size).map(
        lambda rows: (np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
    )
