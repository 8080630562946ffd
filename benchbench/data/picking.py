"""Rules that take candidates by their scores; transforms apply them to data, selectors to drawn responses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from numpy.random import Generator

Pair = tuple[int, int]


def acceptance(scores: Sequence[float], beta: float) -> list[float]:
    """Probability of each candidate of one pass of rejection sampling, in [0, 1]: exp((r - r_max) / beta).

    Source: Liu et al. 2023 (arXiv:2309.06657).

    Args:
        scores: of the candidates that are left, at least one.
        beta: temperature, >= 0, in the unit of the scores; 0 accepts the highest alone.
    """
    highest = max(scores)
    if beta == 0:
        return [float(score == highest) for score in scores]
    return [math.exp((score - highest) / beta) for score in scores]


def accepted(scores: Sequence[float], count: int, beta: float, draws: Generator) -> list[int]:
    """Places of the accepted candidates in the order of acceptance, each once; all where they are few.

    In passes over the candidates that are left, each is accepted with its probability in the pass, until `count` are.
    """
    left, places = list(range(len(scores))), list[int]()
    while left and len(places) < count:
        chances = acceptance([scores[k] for k in left], beta)
        for place, chance in zip(tuple(left), chances, strict=True):
            if len(places) < count and draws.random() < chance:  # a chance of 1 always is accepted, so passes end
                places.append(place)
                left.remove(place)
    return places


def neighbours(places: Sequence[int]) -> list[Pair]:
    """First with second, third with fourth, and so on; an odd one at the end is left out."""
    return list(zip(places[::2], places[1::2], strict=False))


def deviation_anchor(scores: Sequence[float], deviations: float) -> float:
    """Mean + deviations x standard deviation (of the population) of the scores, in their unit."""
    mean = math.fsum(scores) / len(scores)
    return mean + deviations * math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))


def margin_pair(pairs: Iterable[Pair], margin: Callable[[int], float], extreme: Literal["small", "large"]) -> Pair:
    """The pair with the smallest or the largest absolute difference of margins; of equal ones the first.

    Args:
        pairs: at least one.
        margin: number of a candidate.
        extreme: which difference is sought.
    """
    sign = 1.0 if extreme == "small" else -1.0
    return min(pairs, key=lambda pair: sign * abs(margin(pair[0]) - margin(pair[1])))
