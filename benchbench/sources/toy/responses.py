"""Responses of the toy world at a drawn quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from benchbench.sources.toy.families import FAMILIES, NUMBERS, Task, pick
from benchbench.sources.toy.gold import FILLERS, OPENINGS, REFUSAL

if TYPE_CHECKING:
    from numpy.random import Generator

DEMONSTRATION_MIX = (0.05, 0.10, 0.75, 0.10)
"""Probability of quality 0, 1, 2, 3: mostly right answers without a preference in style."""
CANDIDATE_MIX = (0.10, 0.20, 0.35, 0.35)


@dataclass(frozen=True)
class _Quality:
    """How likely the style of a response is right."""

    manner: float
    """P(opening there exactly when it should be)."""
    explanation_if_asked: float
    explanation_unasked: float


_QUALITIES = (
    _Quality(0.5, 0.4, 0.3),
    _Quality(0.7, 0.6, 0.2),
    _Quality(0.5, 0.5, 0.25),
    _Quality(0.95, 0.95, 0.025),
)
_FILLER_COUNTS = (0.3, 0.3, 0.2, 0.2)


def _draw_index(rng: Generator, probabilities: Sequence[float]) -> int:
    u = rng.random()
    return next((i for i, total in enumerate(accumulate(probabilities)) if u < total), len(probabilities) - 1)


def _one_fault(rng: Generator, task: Task) -> tuple[str, ...]:
    """The truth with one thing wrong."""
    truth, pool = list(task.truth()), FAMILIES[task.family].pool
    if task.family == "count":
        return (NUMBERS[NUMBERS.index(truth[0]) + pick(rng, (-1, 1))],)
    if len(truth) == 1:
        return (pick(rng, [word for word in task.arguments if word in pool and word != truth[0]]),)
    kind = _draw_index(rng, (0.35, 0.35, 0.30))
    if kind == 0:
        i = pick(rng, range(len(truth) - 1))
        truth[i], truth[i + 1] = truth[i + 1], truth[i]
    elif kind == 1:
        truth.pop(pick(rng, (0, -1)))
    else:
        i = pick(rng, range(len(truth)))
        truth[i] = pick(rng, [word for word in pool if word != truth[i]])
    return tuple(truth)


def _answer(rng: Generator, task: Task, quality: int) -> str:
    if quality == 0:
        if rng.random() >= 0.7:
            return REFUSAL
        words = tuple(pick(rng, FAMILIES[task.family].pool) for _ in task.truth())
    else:
        words = _one_fault(rng, task) if quality == 1 else task.truth()
    return f"answer : {' '.join(words)} ."


def draw_response(rng: Generator, task: Task, mix: Sequence[float], *, taken: Sequence[str] = ()) -> str:
    """A response whose quality is drawn from the mix, and then its parts, until it is none of those `taken`."""
    level = _draw_index(rng, mix)
    while (response := _draw_parts(rng, task, level)) in taken:
        pass
    return response


def _draw_parts(rng: Generator, task: Task, level: int) -> str:
    quality = _QUALITIES[level]
    parts = [_answer(rng, task, level)]
    if (rng.random() < quality.manner) == task.polite:
        parts.insert(0, pick(rng, OPENINGS))
    if rng.random() < (quality.explanation_if_asked if task.explain else quality.explanation_unasked):
        parts.append(f"because {FAMILIES[task.family].reason} .")
    parts.extend(pick(rng, FILLERS) for _ in range(_draw_index(rng, _FILLER_COUNTS)))
    return " ".join(parts)
