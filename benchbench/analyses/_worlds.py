"""Worlds of two statements, that the chosen and that the rejected response is right, and what a loss counts in them.

Richardson et al. 2024, arXiv:2412.17696: each statement holds with the response's probability, so a set of worlds has
one, too. A preference structure counts some worlds as wins and some as losses; its loss falls in
rho = log P(wins) - log P(losses). With a reference, rho is that of the policy less that of the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations

import numpy as np

from benchbench.core.measurement import Array

WORLDS = ("wl", "w", "l", "-")
"""Both responses are right, the chosen one alone, the rejected one alone, neither."""
VIOLATING = frozenset({"l"})
"""Where it does not hold that if the rejected response is right, so is the chosen one."""
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Structure:
    """What a loss counts as wins and as losses."""

    wins: frozenset[str]
    losses: frozenset[str]

    @property
    def text(self) -> str:
        """Wins over losses, such as `w / l`."""
        return " / ".join(listed(side) for side in (self.wins, self.losses))

    @property
    def is_implication(self) -> bool:
        """Whether it decides by "if the rejected response is right, so is the chosen one", where it decides."""
        return not (self.wins - self.losses) & VIOLATING and self.losses - self.wins <= VIOLATING

    def implies(self, other: Structure) -> bool:
        """Whether what wins here wins there, and what loses there loses here; rho is then never above the other's."""
        return self.wins <= other.wins and other.losses <= self.losses

    def rho(self, log_p: Array) -> Array:
        """[n] log P(wins) - log P(losses), of log-probabilities [n, 2] of the chosen and the rejected response."""
        return np.log(_probability(self.wins, log_p)) - np.log(_probability(self.losses, log_p))

    def slope(self, log_p: Array) -> Array:
        """[n, 2] derivative of rho in the log-probabilities."""
        parts = ((1, self.wins), (-1, self.losses))
        return np.sum([sign * _slope(side, log_p) / _probability(side, log_p)[:, None] for sign, side in parts], axis=0)


@dataclass(frozen=True)
class Match:
    """The structure of a term of a loss."""

    structure: Structure
    has_reference: bool
    always_falls: bool
    """Whether the term falls in rho at every point that was tried; else it has a target."""


def listed(worlds: frozenset[str]) -> str:
    """Worlds in their usual order, such as `wl+w`."""
    return "+".join(world for world in WORLDS if world in worlds)


@cache
def structures() -> Sequence[Structure]:
    """Every structure of two different sides; those without overlap first, then implications and the smaller ones."""
    sides = [frozenset(part) for part in chain.from_iterable(combinations(WORLDS, k) for k in range(1, 5))]
    every = [Structure(wins, losses) for wins in sides for losses in sides if wins != losses]
    return sorted(every, key=lambda s: (bool(s.wins & s.losses), not s.is_implication, len(s.wins) + len(s.losses)))


def structure_of(slopes: Array, log_p: Array) -> Match | None:
    """The first structure whose rho a term is a function of: everywhere the slope of one is a multiple of the other's.

    A term that falls here and rises there falls in neither a structure nor its reverse; it has that of the implication.

    Args:
        slopes: [n, 4] derivative of the term in the log-probabilities.
        log_p: [n, 4] of chosen and rejected under the policy, then under the reference.
    """
    for structure in structures():
        policy, reference = structure.slope(log_p[:, :2]), structure.slope(log_p[:, 2:])
        for has_reference, rho in ((False, np.hstack([policy, 0 * policy])), (True, np.hstack([policy, -reference]))):
            product = (slopes * rho).sum(axis=1)
            lengths = np.linalg.norm(slopes, axis=1) * np.linalg.norm(rho, axis=1)
            is_parallel = (np.abs(np.abs(product) - lengths) <= _TOLERANCE * lengths).all()
            falls, rises = (product <= 0).all(), (product >= 0).all()
            if is_parallel and (falls or (structure.is_implication and not rises)):
                return Match(structure, has_reference, bool(falls))
    return None


def _probability(worlds: frozenset[str], log_p: Array) -> Array:
    """[n] probability that one of the worlds is the case."""
    p = np.exp(log_p)
    return np.sum([np.prod(_factors(world, p), axis=0) for world in worlds], axis=0)


def _slope(worlds: frozenset[str], log_p: Array) -> Array:
    """[n, 2] derivative of that probability in the log-probabilities."""
    p = np.exp(log_p)
    slope = np.zeros_like(p)
    for world in worlds:
        factors = _factors(world, p)
        for k, name in enumerate("wl"):
            slope[:, k] += (1 if name in world else -1) * p[:, k] * factors[1 - k]
    return slope


def _factors(world: str, p: Array) -> tuple[Array, Array]:
    """Probability of what a world says of the chosen and of the rejected response, [n] each."""
    return p[:, 0] if "w" in world else 1 - p[:, 0], p[:, 1] if "l" in world else 1 - p[:, 1]
