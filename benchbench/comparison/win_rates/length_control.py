"""Length-controlled win rate on any prompt set: what the win rate would be if both texts were of the same length.

P(label wins) = 1 / (1 + exp(-(a + b tanh(d / sd(d))))), with d the label's characters less the opponent's; the answer
is the prediction at d = 0, from `a` alone. The length feature is that of AlpacaEval 2 (2404.04475; sd with ddof 1,
not centred) with the opposite sign. Its instruction difficulty, gamed baselines and penalty, which need a file made for
805 prompts and one judge, are left out; so the two numbers are different metrics and may not share a column.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs
from benchbench.comparison.stats.clustered import as_probability, seeded_interval
from benchbench.comparison.stats.intervals import Interval, undefined_interval
from benchbench.comparison.stats.soft_logistic import deviance, fit, influence
from benchbench.comparison.win_rates.contests import Policy, contests, prompts, sides
from benchbench.comparison.win_rates.equal_length import Support, support
from benchbench.core.measurement import Array

_SMALLEST_RANGE = 1e-6
"""Of the length feature, which lies in (-1, 1): below it, it is a second intercept."""
_LARGEST = 20.0
"""Coefficient in log-odds (odds of 5e8 to one) beyond which a maximum is one in name only."""
_DECISIVE = 0.8
"""Share of the outcomes' deviance from which on length is said to decide them. No size of a coefficient says so: where
texts are longer nearly throughout, the feature is nearly constant, and coin flips leave coefficients of any size."""


@dataclass(frozen=True, kw_only=True)
class LengthControlled:
    """One label against one opponent at equal length."""

    label: str
    opponent: str
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    """[k] length-controlled win rate of each seed, a fraction."""
    interval: Interval
    """Of the length-controlled win rate, made on log-odds, which seeds are averaged on; `p` tests one half."""
    effect: Interval
    """Of b: log-odds that the label gains from the opponent's texts being far shorter; above 0 where length wins."""
    prompts: int
    note: str
    support: Support
    """The contests of nearly equal length that it rests on."""


def length_controlled(
    by_seed: Mapping[int, pd.DataFrame],
    *,
    policy: Policy = "average",
    level: float = 0.95,
    replicates: Replicates | None = None,
) -> LengthControlled:
    """The length-controlled win rate of one label against one opponent.

    Args:
        by_seed: verdict rows (`contests.COLUMNS`) of each seed, over the same prompts; lengths may differ by seed.
        policy: what two orders make of a contest.
        level: coverage of the intervals, in (0, 1).
        replicates: which seeds are different runs; each of its own where it is not given.

    Outcomes may be soft; the samples of a prompt weigh one together. Variances are the sandwich's over prompts, crossed
    with seeds; the spread of the lengths is taken as known. NaN with a note where the lengths say nothing, or where the
    outcomes leave a coefficient without bound.

    Raises:
        ValueError: rows of several labels or opponents, or rows that are none.
        BenchError: the same verdict twice, or other prompts in one seed.
    """
    examples = prompts(by_seed)
    label, opponent = sides(pd.concat(by_seed.values()))
    models = [_Model.of(frame, examples, policy) for frame in by_seed.values()]
    reasons = [(seed, model.unidentified()) for seed, model in zip(by_seed, models, strict=True)]
    around = support([model.lengths for model in models])
    note = "; ".join(f"seed {seed}: {why}" if len(by_seed) > 1 else why for seed, why in reasons if why)
    if note:
        undefined = undefined_interval(math.nan, level=level, note=note)
        level_at_zero, effect, values = undefined, undefined, (math.nan,) * len(models)
    else:
        fitted = [(model.coefficients, model.influence(len(examples))) for model in models]
        # [k, n, 2]; what cancels out leaves rounding errors, which are no spread
        pseudo = np.round(np.stack([coefficients + influences for coefficients, influences in fitted]), 12)
        intercept, effect = (
            interval_of_runs(pseudo[:, :, which], replicates, partial(seeded_interval, level=level)) for which in (0, 1)
        )
        level_at_zero = as_probability(intercept)
        values = tuple(float(expit(coefficients[0])) for coefficients, _ in fitted)
        sided = dict.fromkeys(model.extrapolated() for model in models if model.extrapolated())
        note = "; ".join(note for note in (*sided, around.warning) if note)
    return LengthControlled(
        label=label,
        opponent=opponent,
        seeds=tuple(by_seed),
        values=values,
        interval=level_at_zero,
        effect=effect,
        prompts=len(examples),
        note=note,
        support=around,
    )


@dataclass(frozen=True, eq=False)
class _Model:
    """The contests of one seed as a logistic model."""

    feature: Array
    """[m] tanh(d / sd(d))."""
    outcome: Array
    """[m]"""
    weight: Array
    """[m] one over the number of the prompt's contests."""
    cluster: Array
    """[m] number of the prompt."""
    lengths: tuple[Array, Array, Array]
    """[m] outcomes, and the characters of both texts, for `equal_length.support`."""

    @staticmethod
    def of(rows: pd.DataFrame, examples: Array, policy: Policy) -> _Model:
        all_contests = contests(rows)
        outcome, cluster = all_contests.outcome(policy), np.searchsorted(examples, all_contests.example)
        longer = all_contests.length - all_contests.opponent_length
        sd = float(longer.std(ddof=1)) if len(longer) > 1 else 0.0
        feature = np.tanh(longer / sd) if sd > 0 else np.zeros(len(longer))
        judged = np.isfinite(outcome)
        per_prompt = np.bincount(cluster[judged], minlength=len(examples))
        lengths = (outcome[judged], all_contests.length[judged], all_contests.opponent_length[judged])
        return _Model(feature[judged], outcome[judged], 1 / per_prompt[cluster[judged]], cluster[judged], lengths)

    def unidentified(self) -> str:
        """Why there is no unique finite maximum (Albert & Anderson 1984); empty where there is."""
        if len(self.outcome) == 0:
            return "no verdicts"
        by_far = (
            f"the label's text is {self.side} in every contest, by so much that nothing can be said at equal length"
        )
        if np.ptp(self.feature) < _SMALLEST_RANGE:
            if np.abs(self.feature).min() > 1 - _SMALLEST_RANGE:
                return by_far
            return "the difference in length is the same everywhere, so length and quality cannot be told apart"
        mean = float(np.average(self.outcome, weights=self.weight))
        if abs(logit(mean)) > _LARGEST:
            return f"every contest was {'won' if mean > 0.5 else 'lost'}: no length-controlled win rate"
        won, lost = self.feature[self.outcome > 0], self.feature[self.outcome < 1]
        if won.min() >= lost.max() or lost.min() >= won.max():
            return "the difference in length alone decides every contest: no length-controlled win rate"
        if np.abs(self.coefficients).max() <= _LARGEST:
            return ""
        if self.side:
            return by_far
        if self.explained() >= _DECISIVE:
            return "the difference in length alone all but decides every contest: no length-controlled win rate"
        if abs(self.coefficients[0]) > _LARGEST:
            return "hardly any contest is near equal length, so length and quality cannot be told apart"
        return ""

    @property
    def side(self) -> str:
        """Whether the label's text is longer or shorter in every contest; empty where that differs between contests."""
        return "longer" if self.feature.min() > 0 else "shorter" if self.feature.max() < 0 else ""

    def extrapolated(self) -> str:
        """The note where no contest is at equal length."""
        if self.side:
            return f"the label's text is {self.side} in every contest: equal length is an extrapolation"
        return ""

    def explained(self) -> float:
        """Share of the outcomes' deviance that length explains; where outcomes differ."""
        intercept = np.array([logit(np.average(self.outcome, weights=self.weight)), 0.0])
        left, whole = (
            deviance(self._design, self.outcome, self.weight, coefficients)
            for coefficients in (self._fitted, intercept)
        )
        return 1 - left / whole

    @property
    def coefficients(self) -> Array:
        """[2] intercept and effect of length; only where there is a finite maximum."""
        return self._back @ self._fitted

    def influence(self, n_prompts: int) -> Array:
        """[prompts, 2] of each prompt on the coefficients."""
        on_standardised = influence(self._design, self.outcome, self.weight, self._fitted, self.cluster, n_prompts)
        return on_standardised @ self._back.T

    @cached_property
    def _fitted(self) -> Array:
        """[2] coefficients of the standardised feature."""
        return fit(self._design, self.outcome, self.weight)

    @property
    def _design(self) -> Array:
        """[m, 2] one and the standardised feature; a nearly constant one is fitted no worse than any other so."""
        return np.stack([np.ones_like(self.feature), (self.feature - self.feature.mean()) / self.feature.std()], axis=1)

    @property
    def _back(self) -> Array:
        """[2, 2] from the coefficients of the standardised feature to those of the feature."""
        mean, sd = self.feature.mean(), self.feature.std()
        return np.array([[1.0, -mean / sd], [0.0, 1 / sd]])
