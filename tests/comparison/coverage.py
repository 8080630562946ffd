"""What the intervals and the minimum detectable difference hold, by simulation: `python -m tests.comparison.coverage`.

Fixed seeds, so that docs/statistics.md and the tests show the same numbers; a part by name (`rates`, `differences`,
`bootstrap`, `power`, `ranks`), repeats by `--repeats`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy import optimize, special

from benchbench import metrics
from benchbench.comparison.pairs.ranks import rank_rows, ranks_of
from benchbench.comparison.stats.bootstrap import bootstrap_interval, resample
from benchbench.comparison.stats.bounded import difference_of_rates, rate_interval
from benchbench.comparison.stats.intervals import Interval, crossed_interval
from benchbench.comparison.stats.power import minimum_detectable_difference
from benchbench.core.measurement import PairScores

SEEDS = (1, 2, 3, 10)
NOISE = 0.4
"""Sd of the seeds' effects in log-odds, where they are noisy."""
HARDNESS = 1.0
"""Sd of the prompts' effects in log-odds, and of the pairs' within a prompt."""
OWN = 0.7
"""Sd of the prompts' effects on one method alone."""
_NODES, _WEIGHTS = hermegauss(61)


@dataclass(frozen=True)
class Held:
    """Intervals of one situation."""

    coverage: float
    width: float
    """Mean width."""
    outside: int
    """Intervals that leave the range of the quantity."""
    undefined: int


def _marginal(centre, variance: float):
    """Mean of the logistic function over a normal distribution of log-odds."""
    at = np.asarray(centre)[..., None] + np.sqrt(variance) * _NODES
    return special.expit(at) @ (_WEIGHTS / _WEIGHTS.sum())


@cache
def _centre(rate: float, variance: float) -> float:
    return float(optimize.brentq(lambda centre: float(_marginal(centre, variance)) - rate, -15, 15))


def simulated(rng, rates: Sequence[float], *, k: int, n: int, cluster: int, noise: float):
    """([k, n] shares of right pairs, true rate) of methods on the same prompts, `cluster` pairs each.

    With one seed the truth is the rate of that run, since the variance over seeds cannot be estimated.
    """
    prompt, pair = rng.normal(0, HARDNESS, n), rng.normal(0, HARDNESS, (n, cluster))
    variance = 2 * HARDNESS**2 + OWN**2
    found = []
    for rate in rates:
        effects = rng.normal(0, noise, k)
        centre = _centre(rate, variance + (noise**2 if k > 1 else 0.0))
        odds = centre + effects[:, None, None] + (prompt + rng.normal(0, OWN, n))[:, None] + pair
        right = rng.random((k, n, cluster)) < special.expit(odds)
        truth = float(_marginal(centre + effects[0], variance)) if k == 1 else rate
        found.append((right.mean(axis=2), truth))
    return found


def held(made: Iterator[tuple[Interval, float]], least: float, most: float) -> Held:
    """Share of intervals that have their truth in them."""
    rows = [(i.low, i.high, truth) for i, truth in made]
    low, high, truth = np.array(rows).T
    covered = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
    outside = (low < least) | (high > most)
    return Held(float(covered.mean()), float(np.nanmean(high - low)), int(outside.sum()), int(np.isnan(low).sum()))


def rate(p: float, *, k: int, n: int, cluster: int, noise: float, repeats: int) -> Held:
    """Of `rate_interval`."""
    rng = np.random.default_rng([int(1000 * p), k, n, cluster, int(10 * noise)])

    def made() -> Iterator[tuple[Interval, float]]:
        for _ in range(repeats):
            ((values, truth),) = simulated(rng, [p], k=k, n=n, cluster=cluster, noise=noise)
            yield rate_interval(values), truth

    return held(made(), 0.0, 1.0)


def difference(p: float, q: float, *, k: int, n: int, cluster: int, noise: float, repeats: int) -> Held:
    """Of `difference_of_rates`."""
    rng = np.random.default_rng([int(1000 * p), int(1000 * q), k, n, cluster, int(10 * noise)])

    def made() -> Iterator[tuple[Interval, float]]:
        for _ in range(repeats):
            (one, p_true), (other, q_true) = simulated(rng, [p, q], k=k, n=n, cluster=cluster, noise=noise)
            yield difference_of_rates(one - other), p_true - q_true

    return held(made(), -1.0, 1.0)


def bootstrapped(name: str, *, k: int, noise: float, repeats: int, n: int = 100, draws: int = 200) -> Held:
    """Of `bootstrap_interval`, of two methods whose seeds stretch the same margins: the true difference is 0."""
    rng = np.random.default_rng([k, int(100 * noise), n])
    metric = metrics.get(name)
    counted = metric.resampled or _counted_sd

    def cell(hardness, offset) -> PairScores:
        margin = np.exp(rng.normal(0, noise)) * hardness + rng.normal(0, 0.7, n)
        return PairScores(offset + margin / 2, offset - margin / 2)

    def made() -> Iterator[tuple[Interval, float]]:
        for _ in range(repeats):
            hardness, offset = rng.normal(0.5, 1, n), rng.normal(0, 1, n)
            cells = [cell(hardness, offset) for _ in range(2 * k)]
            values = np.array([metric.value(one) for one in cells])
            drawn = resample(cells, metric.value, rng=rng, draws=draws, counted=counted)
            yield bootstrap_interval(values[:k] - values[k:], drawn[:, :k] - drawn[:, k:], n=n), 0.0

    return held(made(), -np.inf, np.inf)


def _counted_sd(scores: PairScores, counts):
    """`std_margin` of every draw."""
    n = counts.sum(axis=1)
    mean = counts @ scores.margin / n
    return np.sqrt(counts @ scores.margin**2 / n - mean**2)


@dataclass(frozen=True)
class Found:
    """What the minimum detectable differences of one situation were worth."""

    assured: float
    """Share of tables whose assured difference is found with 80 % power or more."""
    power_assured: float
    """Mean power at the assured difference."""
    power_estimate: float
    """Mean power at the difference without a confidence."""
    share_estimate: float
    """Share of tables whose difference without a confidence is found with 80 % power or more."""
    spread: float
    """95 % quantile of the printed differences over their 5 % quantile."""


def power(*, k: int, seed_sd: float, prompt_sd: float, repeats: int, n: int = 100) -> Found:
    """Of crossed data without a difference; the power at any difference is counted over all tables."""
    rng = np.random.default_rng([k, int(100 * seed_sd), int(100 * prompt_sd)])
    bars, assured, estimate = [], [], []
    for _ in range(repeats):
        seeds, prompts = rng.normal(0, seed_sd, (k, 1)), rng.normal(0, prompt_sd, (1, n))
        interval = crossed_interval(seeds + prompts + rng.normal(0, 0.4, (k, n)))
        mdd = minimum_detectable_difference(interval)
        bars.append(-interval.low)  # a true difference above it would have been found
        assured.append(mdd.assured)
        estimate.append(mdd.estimate)
    bars = np.sort(bars)
    at_assured, at_estimate = (np.searchsorted(bars, sizes) / repeats for sizes in (assured, estimate))
    low, high = np.quantile(assured, [0.05, 0.95])
    return Found(
        float((at_assured >= 0.8).mean()),
        float(at_assured.mean()),
        float(at_estimate.mean()),
        float((at_estimate >= 0.8).mean()),
        float(high / low),
    )


@dataclass(frozen=True)
class Ranked:
    """Rank ranges of one situation; they are meant to hold 0.90."""

    coverage: float
    """Share of rows whose true rank lies in its range."""
    width: float
    """Mean width of the ranges, in ranks."""
    best: float
    """Mean probability of being the best that the truly best row gets."""
    is_first: float
    """Share of tables in which it has the first rank."""


def ranked(*, k: int, spread: float, seed_sd: float, repeats: int, rows: int = 20, n: int = 300) -> Ranked:
    """Of crossed data of many methods, whose true means are evenly spaced with this standard deviation."""
    rng = np.random.default_rng([k, int(1000 * spread), int(1000 * seed_sd)])
    means = np.arange(rows)[::-1] / np.arange(rows).std() * spread
    truth = ranks_of(means)
    held, widths, best, first = [], [], [], []
    for _ in range(repeats):
        shared = rng.normal(0, 0.3, (1, 1, n))
        own = (
            rng.normal(0, 0.3, (rows, 1, n)) + rng.normal(0, 0.15, (rows, k, n)) + rng.normal(0, seed_sd, (rows, k, 1))
        )
        values = dict(zip(map(str, range(rows)), means[:, None, None] + shared + own, strict=True))
        ranks = list(rank_rows(values, higher_is_better=True, rng=rng, draws=400).values())
        held.append(np.mean([r.low <= t <= r.high for r, t in zip(ranks, truth, strict=True)]))
        widths.append(np.mean([r.high - r.low for r in ranks]))
        best.append(ranks[0].best)
        first.append(ranks[0].rank == 1)
    return Ranked(float(np.mean(held)), float(np.mean(widths)), float(np.mean(best)), float(np.mean(first)))


def _shown(one: Held) -> str:
    left = f"; {one.outside} outside, {one.undefined} none" if one.outside or one.undefined else ""
    return f"{one.coverage:.3f} ({one.width:.3f}{left})"


def _table(title: str, head: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    sys.stdout.write(f"\n{title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}\n")
    for row in rows:
        sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


def _bounded(title: str, situations: Sequence[str], make: Callable[..., Held], repeats: int) -> None:
    def rows() -> Iterator[Sequence[str]]:
        for cluster in (1, 20):
            for n in (50, 300):
                for place, name in enumerate(situations):
                    for noise in (0.0, NOISE):
                        cells = [
                            _shown(make(place, k=k, n=n, cluster=cluster, noise=noise, repeats=repeats)) for k in SEEDS
                        ]
                        yield [name, str(n), str(cluster), "noisy" if noise else "quiet", *cells]

    _table(title, ["rate", "prompts", "pairs each", "seeds", *(f"k = {k}" for k in SEEDS)], rows())


RATES = (0.5, 0.9, 0.99)
PAIRS = ((0.5, 0.5), (0.9, 0.9), (0.99, 0.99), (0.99, 0.9))
CROSSED = ((0.0, 0.3), (0.03, 0.3), (0.1, 0.3), (0.15, 0.1))


def _rates(repeats: int) -> None:
    _bounded("Rates", [f"{p:g}" for p in RATES], lambda place, **how: rate(RATES[place], **how), repeats)


def _differences(repeats: int) -> None:
    names = [f"{p:g} against {q:g}" for p, q in PAIRS]
    _bounded("Differences", names, lambda place, **how: difference(*PAIRS[place], **how), repeats)


def _bootstrap(repeats: int) -> None:
    seeds = (3, 5, 6, 10)
    _table(
        "Bootstrap",
        ["metric", "seeds", *(f"k = {k}" for k in seeds)],
        (
            [name, told, *(_shown(bootstrapped(name, k=k, noise=noise, repeats=repeats)) for k in seeds)]
            for name in ("auc", "auc_centred", "std_margin")
            for noise, told in ((0.0, "quiet"), (0.3, "noisy"))
        ),
    )


def _power(repeats: int) -> None:
    def row(k: int, seed_sd: float, prompt_sd: float) -> list[str]:
        found = power(k=k, seed_sd=seed_sd, prompt_sd=prompt_sd, repeats=repeats)
        shares = (found.assured, found.power_assured, found.share_estimate, found.power_estimate)
        return [f"{seed_sd:g} / {prompt_sd:g}", str(k), *(f"{x:.2f}" for x in shares), f"{found.spread:.1f}"]

    head = ["seed sd / prompt sd", "k", "assured: share of 80 %", "mean power", "estimate: share of 80 %", "mean power"]
    _table("Power", [*head, "95 % / 5 %"], (row(k, *sds) for sds in CROSSED for k in (3, 5, 10)))


SPREADS = (0.01, 0.03, 0.1)


def _ranks(repeats: int) -> None:
    def row(spread: float, seed_sd: float) -> list[str]:
        found = [ranked(k=k, spread=spread, seed_sd=seed_sd, repeats=repeats) for k in (2, 3, 10)]
        cells = [f"{one.coverage:.2f} ({one.width:.1f}; {one.best:.2f} / {one.is_first:.2f})" for one in found]
        return [f"{spread:g}", f"{seed_sd:g}", *cells]

    head = ["sd of true means", "sd of seeds", *(f"k = {k}" for k in (2, 3, 10))]
    _table("Ranks", head, (row(spread, seed_sd) for spread in SPREADS for seed_sd in (0.005, 0.02)))


PARTS = {"rates": (_rates, 4000), "differences": (_differences, 1000), "bootstrap": (_bootstrap, 400)}
PARTS |= {"power": (_power, 2000), "ranks": (_ranks, 200)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--repeats", type=int)
    asked = parser.parse_args()
    for chosen in asked.parts or PARTS:
        run, usual = PARTS[chosen]
        run(asked.repeats or usual)
