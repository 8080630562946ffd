"""How alike two models rank the responses to a prompt, as CREAM measures it: for data read and for data drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations


def consistency(current: Sequence[float], previous: Sequence[float]) -> float:
    """Share, in [0, 1], of the pairs of responses that both rank alike, which is (tau + 1) / 2 of Kendall's tau.

    Wang et al. 2024, arXiv:2410.12735. Ranks are ordinal, as in the authors' code, so that of equal scores the earlier
    one ranks lower and the value depends on their order.

    Args:
        current: [K] one model's numbers of the responses, two of them or more.
        previous: [K] the other's of the same ones.
    """
    ranks = [_ranks(scores) for scores in (current, previous)]
    pairs = [*combinations(range(len(current)), 2)]
    return sum((ranks[0][a] < ranks[0][b]) == (ranks[1][a] < ranks[1][b]) for a, b in pairs) / len(pairs)


def _ranks(scores: Sequence[float]) -> list[int]:
    """Ordinal rank of each score; of equal ones the earlier is lower."""
    order = sorted(range(len(scores)), key=lambda k: scores[k])
    return sorted(range(len(scores)), key=lambda rank: order[rank])
