"""What a crossed t interval covers with estimated degrees of freedom, without simulation.

`python -m tests.comparison.degrees` prints the table of docs/statistics.md, with the word `solve` the values of
`comparison.stats.critical`.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import optimize, special, stats

from benchbench.comparison.stats.critical import LEVEL, VALUES, critical_value
from benchbench.comparison.stats.intervals import Spread

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the mean's variance: the seeds'."""
SEEDS = (2, 3, 5, 10)
ROUGHNESS = {3: 0.03, 4: 0.01, 5: 0.01}
"""Seeds of which critical values are solved for -> weight of their bends: smooth, for some ten thousandths."""
_KNOTS = 21
_SOLVED = (*np.linspace(0.02, 0.9, 30), *np.linspace(0.91, 0.999, 12))
"""True shares at which the coverage is made even."""
_PLACES = (np.arange(1000) + 0.5) / 1000


def covered(share: float, k: int, *, welch: bool) -> tuple[float, float]:
    """Coverage of the 95 % t interval, and its mean width over that of the normal interval of the known variance.

    The mean is normal with variance 1, of which seeds have a share. What a table of k seeds says of that share is
    distributed as share chi-square / (k - 1), over which this is the quadrature. Prompts are so many that the rest of
    the variance is known.
    """
    halves = []
    for seeds in share * stats.chi2.ppf(_PLACES, k - 1) / (k - 1):
        spread = Spread(float(seeds), 1 - share, 0.0, k=k, n=10**9)
        se, df = spread.error()
        halves.append(se * special.stdtrit(spread.welch_df(0.95) if welch else df, 0.975))
    return float((2 * special.ndtr(halves) - 1).mean()), float(np.mean(halves) / special.ndtri(0.975))


def even(share: float, k: int) -> tuple[float, float]:
    """The same of the critical values, where Satterthwaite's degrees of freedom do not give a larger one."""
    se, seen = _seen(share, k)
    satterthwaite = special.stdtrit((k - 1) / seen**2, (1 + LEVEL) / 2)
    halves = se * np.maximum([critical_value(k, part) for part in seen], satterthwaite)
    return float((2 * special.ndtr(halves) - 1).mean()), float(np.mean(halves) / special.ndtri(0.975))


def solved(k: int) -> list[float]:
    """Critical values that never fall as the share that was seen grows, by least squares of the coverage."""
    ends = float(special.ndtri((1 + LEVEL) / 2)), float(special.stdtrit(k - 1, (1 + LEVEL) / 2))
    shares = np.linspace(0, 1, _KNOTS)
    quadratures = [_seen(share, k) for share in _SOLVED]

    def curve(steps):
        parts = np.exp(steps - steps.max())
        return np.r_[ends[0], ends[0] + (ends[1] - ends[0]) * np.cumsum(parts) / parts.sum()]

    def misses(steps):
        values = curve(steps)
        coverage = [(2 * special.ndtr(se * np.interp(seen, shares, values)) - 1).mean() for se, seen in quadratures]
        return np.r_[np.array(coverage) - LEVEL, ROUGHNESS[k] * np.diff(values, 2) / (ends[1] - ends[0])]

    start = np.log(np.arange(2.0, _KNOTS + 1))
    return [round(float(value), 3) for value in curve(optimize.least_squares(misses, start, max_nfev=60).x)]


def _seen(share: float, k: int):
    """([places] standard errors, [places] shares that are seen) where the seeds have a share of a variance of 1."""
    seeds = share * stats.chi2.ppf(_PLACES, k - 1) / (k - 1)
    return np.sqrt(seeds + 1 - share), seeds / (seeds + 1 - share)


def row(share: float) -> str:
    """One of the table."""
    cells = []
    for k in SEEDS:
        found = [covered(share, k, welch=False), covered(share, k, welch=True)]
        found += [even(share, k)] if k in VALUES else []
        cells += ["{:.3f} ({:.2f})".format(*cell) for cell in found]
    return f"| {share:g} | {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """Print the table, or the values."""
    if arguments == ["solve"]:
        for k in ROUGHNESS:
            sys.stdout.write(f"{k}: {solved(k)}\n")
        return
    names = [(k, name) for k in SEEDS for name in ("Satterthwaite", "Welch", *(("solved",) if k in VALUES else ()))]
    head = (f"k = {k}, {name}" for k, name in names)
    sys.stdout.write(f"| seeds' share | {' | '.join(head)} |\n|{' --- |' * (1 + len(names))}\n")
    for share in SHARES:
        sys.stdout.write(f"{row(share)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
