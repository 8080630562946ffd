"""What two independent arms of seeds hold, by simulation: `python -m tests.comparison.reported.coverage`.

Fixed seeds, so that docs/statistics.md and the tests show the same numbers; repeats by `--repeats`.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, stats

from benchbench.comparison.claims.replication import Runs
from benchbench.comparison.reported.contrasts import independent
from benchbench.comparison.stats.power import minimum_detectable_difference

SITUATIONS = [(3, 3), (5, 5), (10, 10), (3, 5), (3, 10)]
"""Seeds of both arms."""
FAMILY = 19
_QUANTILES = (np.arange(400) + 0.5) / 400


@dataclass(frozen=True)
class Arms:
    """Of one situation."""

    coverage: float
    """Of Welch's interval at 95 %."""
    power: float
    """True power at the estimate that the true spreads give."""
    power_corrected: float
    """The same at 0.05 / `FAMILY`."""
    share_assured: float
    """Tables in which a true difference of the assured size has a power of 80 % or more."""
    share_estimate: float


def welch_power(difference: float, k: int, m: int, sd: float, alpha: float) -> float:
    """Exact power of Welch's test by integration over both sample variances; arms of sd `sd` and 1."""
    first = sd**2 / k * stats.chi2.ppf(_QUANTILES, k - 1)[:, None] / (k - 1)
    second = 1 / m * stats.chi2.ppf(_QUANTILES, m - 1)[None, :] / (m - 1)
    df = (first + second) ** 2 / (first**2 / (k - 1) + second**2 / (m - 1))
    threshold = stats.t.ppf(1 - alpha / 2, df) * np.sqrt(first + second)
    return float(stats.norm.sf((threshold - difference) / math.sqrt(sd**2 / k + 1 / m)).mean())


def arms(k: int, m: int, sd: float, *, repeats: int) -> Arms:
    """Two arms of k and m seeds, whose sds are `sd` and 1."""
    rng = np.random.default_rng(k + 100 * m)
    first, second = rng.normal(0, sd, (repeats, k)), rng.normal(0, 1, (repeats, m))
    p = stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
    known = independent(Runs(0.0, sd, k), Runs(0.0, 1.0, m))
    alone = minimum_detectable_difference(known).estimate
    corrected = minimum_detectable_difference(replace(known, level=1 - 0.05 / FAMILY)).estimate
    needed = float(optimize.brentq(lambda size: welch_power(size, k, m, sd, 0.05) - 0.8, 0, 100))
    tables = zip(first[:1000].std(axis=1, ddof=1), second[:1000].std(axis=1, ddof=1), strict=True)
    detectable = [
        minimum_detectable_difference(independent(Runs(0.0, float(s), k), Runs(0.0, float(t), m))) for s, t in tables
    ]
    return Arms(
        coverage=float((p >= 0.05).mean()),
        power=welch_power(alone, k, m, sd, 0.05),
        power_corrected=welch_power(corrected, k, m, sd, 0.05 / FAMILY),
        share_assured=float(np.mean([row.assured >= needed for row in detectable])),
        share_estimate=float(np.mean([row.estimate >= needed for row in detectable])),
    )


def main() -> None:
    """Print the table of docs/statistics.md."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--repeats", type=int, default=20_000)
    repeats = parser.parse_args().repeats
    head = ("seeds", "sds", "coverage", "power at the estimate", "corrected", "assured: share", "estimate: share")
    lines = [head, ["---"] * len(head)]
    for k, m in SITUATIONS:
        for sd in (1.0, 3.0):
            row = arms(k, m, sd, repeats=repeats)
            numbers = (row.coverage, row.power, row.power_corrected, row.share_assured, row.share_estimate)
            lines.append([f"{k} / {m}", f"{sd:g} / 1", *(f"{number:.2f}" for number in numbers)])
    sys.stdout.writelines(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
