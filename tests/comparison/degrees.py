"""What a crossed t interval covers with estimated degrees of freedom, without simulation.

`python -m tests.comparison.degrees` prints the table of docs/statistics.md.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import special, stats

from benchbench.comparison.stats.intervals import Spread

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the mean's variance: the seeds'."""
SEEDS = (2, 3, 5, 10)
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


def row(share: float) -> str:
    """One of the table."""
    cells = ["{:.3f} ({:.2f})".format(*covered(share, k, welch=welch)) for k in SEEDS for welch in (False, True)]
    return f"| {share:g} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    head = (f"k = {k}, {name}" for k in SEEDS for name in ("Satterthwaite", "Welch"))
    sys.stdout.write(f"| seeds' share | {' | '.join(head)} |\n|{' --- |' * (1 + 2 * len(SEEDS))}\n")
    for share in SHARES:
        sys.stdout.write(f"{row(share)}\n")


if __name__ == "__main__":
    main()
