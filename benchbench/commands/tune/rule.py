"""The rule that picks from a grid, fixed before any grid was looked at.

Of the settings whose headline metric is not worse than the best's by more than one standard error of their paired
difference (over seeds and prompts), the first in the order of the grid. A grid written from the gentlest setting
upwards thus gives the gentlest that the data cannot tell from the best. A setting that diverged at any seed is never
chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchbench.commands.tune.grid import Setting
from benchbench.comparison.pairs.replicates import replicates
from benchbench.comparison.stats.intervals import Interval, crossed_interval
from benchbench.core.measurement import Array
from benchbench.recipe.overrides import Override

RULE = 1
"""Version of the rule; raised by hand when it could choose otherwise."""
RULE_TEXT = "the first value within one paired standard error of the best"


@dataclass(frozen=True)
class Tuned:
    """The grid of one method."""

    label: str
    split: str
    seeds: tuple[int, ...]
    rows: list[dict[str, object]]
    """One per setting: its values, the metric by seed and its mean, how far it is below the best, chosen or not,
    whether the grid was widened by it, whether it diverged."""
    notes: tuple[str, ...] = ()
    """Where the rule could not be applied, and what was done instead."""
    chosen: Setting | None = None
    """The values that the rule chose; none where every setting diverged."""
    failed: str = ""
    """Why there is no grid: a stage failed otherwise than by diverging."""
    stages: tuple[str, ...] = ()
    """Keys of all stages that it rests on."""

    def as_json(self) -> dict[str, object]:
        """The grid as one JSON object; the chosen values by their keys."""
        chosen = None if self.chosen is None else {override.key: override.value for override in self.chosen}
        about = {"label": self.label, "split": self.split, "seeds": list(self.seeds), "rule": RULE}
        about |= {"rule_text": RULE_TEXT}
        return {**about, "rows": self.rows, "notes": list(self.notes), "chosen": chosen, "failed": self.failed}


@dataclass(frozen=True, eq=False)
class Tried:
    """One setting of the grid."""

    label: str
    seeds: tuple[int, ...]
    values: Array
    """[k seeds, prompts] contributions to the headline metric."""
    runs: list[int]
    """[k] the run of each seed; equal numbers are copies of one run."""
    higher_is_better: bool = True
    """Direction of the metric."""

    @property
    def mean(self) -> float:
        """Mean over different runs."""
        return replicates(self.seeds, {self.label: self.runs}).mean(self.values.mean(axis=1))

    def below(self, other: Tried) -> tuple[Interval, int, str]:
        """(how much worse it is than another setting, different runs behind that, what to say of them)."""
        both = replicates(self.seeds, {self.label: self.runs, other.label: other.runs})
        worse = other.values - self.values if self.higher_is_better else self.values - other.values
        differences, note = both.merged(worse)
        return crossed_interval(differences), len(differences), note


def pick(
    label: str,
    split: str,
    settings: Sequence[Setting],
    tried: Sequence[Tried | None],
    *,
    seeds: tuple[int, ...] | None = None,
    added: Iterable[Override] = (),
) -> Tuned:
    """The rule: the first setting no more than one standard error below the best; one run has no standard error.

    Args:
        label: of the method.
        split: that the grid was scored on.
        settings: of the grid, in order.
        tried: what each came to; none for one that diverged.
        seeds: of the grid; those of the first setting that did not diverge by default.
        added: values by which the grid was widened.
    """
    finished = [trial for trial in tried if trial is not None]
    best = max(finished, key=lambda trial: trial.mean * (1 if trial.higher_is_better else -1), default=None)
    seeds = seeds or (finished[0].seeds if finished else ())
    chosen: Setting | None = None
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    for values, trial in zip(settings, tried, strict=True):
        numbers, is_good, said = _compared(trial, best, seeds)
        notes += said
        row: dict[str, object] = {override.key: override.value for override in values}
        row |= {**numbers, "chosen": "chosen" if is_good and chosen is None else ""}
        row |= {
            "widened": "widened" if any(value in values for value in added) else "",
            "diverged": "diverged" if trial is None else "",
        }
        chosen = values if is_good and chosen is None else chosen
        rows.append(row)
    if not finished:
        notes.append("every setting of the grid diverged, so none was chosen")
    return Tuned(label, split, seeds, rows, tuple(dict.fromkeys(note for note in notes if note)), chosen)


def _compared(
    trial: Tried | None, best: Tried | None, seeds: Sequence[int]
) -> tuple[dict[str, object], bool, list[str]]:
    """(numbers of a row, whether the rule may choose it, what to say of it)."""
    if trial is None or best is None:
        names = (*(f"seed {s}" for s in seeds), "mean", "below best", "se")
        return {name: math.nan for name in names}, False, []
    below, k, copied = trial.below(best)
    se = below.se if k > 1 else math.nan
    notes = [] if trial is best else [_no_rule(trial.seeds, copied)] if k == 1 else [copied]
    is_good = trial is best or below.mean <= 0 or below.mean <= se
    per_seed = {f"seed {s}": float(v) for s, v in zip(trial.seeds, trial.values.mean(axis=1), strict=True)}
    return {**per_seed, "mean": trial.mean, "below best": below.mean, "se": se}, is_good, notes


def _no_rule(seeds: Sequence[int], copied: str) -> str:
    why = copied or f"one seed ({seeds[0]}): seed variance not estimated"
    return f"{why}; so there is no standard error, and the best of one run of each setting was chosen"
