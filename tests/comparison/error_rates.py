"""How often intervals and tests are wrong at 3, 5 and 10 seeds, by simulation.

`python -m tests.comparison.error_rates` prints the table. Fixed seeds, so that docs/statistics.md and the slow tests
have the same numbers; `--repeats` for fewer tables.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np

from benchbench.comparison.stats.equivalence import equivalence_p
from benchbench.comparison.stats.families import holm_of_family
from benchbench.comparison.stats.intervals import Interval, crossed_interval
from benchbench.comparison.stats.significance import holm

from .coverage import bootstrapped, difference, rate

SEEDS = (3, 5, 10)
REPEATS = 1000
PROMPTS = 100
NOISE = 0.4
"""Sd of a method's own result on a prompt in a run."""
REGIMES = {"quiet seeds": (0.0, 0.3), "noisy seeds": (0.03, 0.3), "seeds dominate": (0.15, 0.1)}
"""Sds of the seeds' and of the prompts' effects."""
FAMILIES = {9: REPEATS, 112: 400}
"""Rows of a table beside the baseline -> tables of so many, where others have `REPEATS`."""
LEVEL = 0.05
Correct = Callable[[Sequence[float], Sequence[Interval | None]], np.ndarray]
MARGIN = 0.2
"""Of equivalence: the true difference, so that every finding is wrong."""


def _effects(rng: np.random.Generator, regime: str, k: int, rows: int, *, unlike: bool = False) -> np.ndarray:
    """[rows, k, prompts] of methods without a difference: a prompt's own effect on each, and a run's."""
    seed_sd, prompt_sd = (sd / np.sqrt(2) for sd in REGIMES[regime])  # a difference has two of each
    seeds, prompts = rng.normal(0, seed_sd, (rows, k, 1)), rng.normal(0, prompt_sd, (rows, 1, PROMPTS))
    if unlike:
        seeds *= np.exp(rng.normal(0, 1, (rows, 1, 1)))
    return seeds + prompts + rng.normal(0, NOISE / np.sqrt(2), (rows, k, PROMPTS))


def covered(regime: str, k: int, repeats: int) -> float:
    """Share of crossed intervals of a mean difference that hold the true one, 0."""
    rng = np.random.default_rng([k, len(regime), 1])
    held = 0
    for _ in range(repeats):
        first, second = _effects(rng, regime, k, 2)
        interval = crossed_interval(first - second)
        held += interval.low <= 0 <= interval.high
    return held / repeats


def family_wise(
    regime: str, k: int, repeats: int, *, rows: int = 9, unlike: bool = False, correct: Correct = holm_of_family
) -> float:
    """Share of tables without any difference in which a row differs from the shared baseline after the correction.

    Args:
        regime: of the effects of seeds and prompts.
        k: number of seeds.
        repeats: number of tables.
        rows: of a table, beside the baseline.
        unlike: a method's effects of seeds are larger or smaller than another's, by a factor of exp(N(0, 1)).
        correct: makes corrected p-values.
    """
    rng = np.random.default_rng([k, len(regime), 2])
    wrong = 0
    for _ in range(repeats):
        baseline, *others = _effects(rng, regime, k, rows + 1, unlike=unlike)
        intervals = [crossed_interval(row - baseline) for row in others]
        wrong += np.nanmin(correct([interval.p for interval in intervals], intervals)) < LEVEL
    return wrong / repeats


def equivalent(regime: str, k: int, repeats: int) -> float:
    """Share of tables whose true difference is the margin that two one-sided tests take for equivalent."""
    rng = np.random.default_rng([k, len(regime), 3])
    wrong = 0
    for _ in range(repeats):
        first, second = _effects(rng, regime, k, 2)
        wrong += equivalence_p(crossed_interval(MARGIN + first - second), MARGIN) < LEVEL
    return wrong / repeats


def _rate_at(p: float, noise: float) -> Callable[[int, int], float]:
    return lambda k, repeats: rate(p, k=k, n=PROMPTS, cluster=1, noise=noise, repeats=4 * repeats).coverage


def _difference_at(p: float, noise: float) -> Callable[[int, int], float]:
    return lambda k, repeats: difference(p, p, k=k, n=PROMPTS, cluster=1, noise=noise, repeats=4 * repeats).coverage


def _area_at(noise: float) -> Callable[[int, int], float]:
    return lambda k, repeats: bootstrapped("auc", k=k, noise=noise, repeats=repeats // 4).coverage


def _in_regime(measure: Callable[[str, int, int], float], regime: str) -> Callable[[int, int], float]:
    return lambda k, repeats: measure(regime, k, repeats)


def _in_family(regime: str, rows: int, unlike: bool, correct: Correct = holm_of_family) -> Callable[[int, int], float]:
    return lambda k, repeats: family_wise(
        regime, k, repeats * FAMILIES[rows] // REPEATS, rows=rows, unlike=unlike, correct=correct
    )


def alone(p: Sequence[float], _: Sequence[Interval | None]) -> np.ndarray:
    """Holm's correction of the rows' own p-values alone."""
    return holm(np.array(p))


SITUATIONS: dict[str, tuple[float, Callable[[int, int], float]]] = {
    **{f"coverage, difference of means, {name}": (0.95, _in_regime(covered, name)) for name in REGIMES},
    **{f"coverage, rate of {p:g}, {told} seeds": (0.95, _rate_at(p, noise))
       for p in (0.5, 0.8) for told, noise in (("quiet", 0.0), ("noisy", 0.4))},
    **{f"coverage, difference of rates of {p:g}, {told} seeds": (0.95, _difference_at(p, noise))
       for p in (0.5, 0.8) for told, noise in (("quiet", 0.0), ("noisy", 0.4))},
    **{f"coverage, difference of AUC, {told} seeds": (0.95, _area_at(noise))
       for told, noise in (("quiet", 0.0), ("noisy", 0.3))},
    **{f"Holm, any false finding among {rows}, {name}{told}": (LEVEL, _in_family(name, rows, unlike))
       for rows in FAMILIES for name in REGIMES for told, unlike in (("", False), (", unlike methods", True))},
    **{f"Holm of own tests alone, any false finding among {rows}, {name}": (LEVEL, _in_family(name, rows, False, alone))
       for rows in FAMILIES for name in REGIMES},
    **{f"equivalence, false finding at the margin, {name}": (LEVEL, _in_regime(equivalent, name)) for name in REGIMES},
}  # fmt: skip
"""What is simulated -> what it should be, and how it is measured from a number of seeds and of tables."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    repeats = parser.parse_args().repeats
    sys.stdout.write(f"| what | meant | {' | '.join(f'k = {k}' for k in SEEDS)} |\n|{' --- |' * (2 + len(SEEDS))}\n")
    for name, (nominal, measure) in SITUATIONS.items():
        cells = [f"{measure(k, repeats):.3f}" for k in SEEDS]
        sys.stdout.write(f"| {name} | {nominal:g} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
