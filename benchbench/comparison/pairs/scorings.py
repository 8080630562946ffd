"""From score rows to pair scores: which number of a row is the score of its response.

A row holds one response; candidate 0 of an example is the chosen one, candidate 1 the rejected one.
Pairs are sorted by example id, so their order is the same for every cell over the same examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchbench.comparison.pairs.flags import count_flags, name_flags
from benchbench.core.clusters import prompt_numbers
from benchbench.core.errors import unknown_name
from benchbench.core.measurement import Array, Metric, PairScores

if TYPE_CHECKING:  # the names of the scorings are read before any row is
    import pandas as pd

FLAGS = ("truncated", "empty", "overlong", "identical")
"""Flags of a row that an exclusion may name."""

Values = Mapping[str, Array]
"""Numbers of the rows by column, [rows] or [n, 2] with the chosen response first."""

_CELL = ("recipe", "method", "variant", "seed", "split", "scorer_version")
_SCORED = ("n_tokens", "logp_sum", "logp_mean", "ref_logp_sum", "reward")
_COLUMN_PREFIX = "column_"


class ScoringNotAvailableError(LookupError):
    """The rows hold nothing that this scoring could read: no reference, or no reward, was scored."""


@dataclass(frozen=True)
class Scoring:
    """One way to turn a row into a score."""

    unit: str
    score: Callable[[Values], Array]
    """Score of each row, in the shape of the values."""
    reads: tuple[str, ...]
    """Columns that the score is made of; cells with equal ones are one run under this scoring."""
    reference: Callable[[Values], Array] | None = None
    """The same score under the reference policy; none where the scoring has none."""


SCORINGS: Mapping[str, Scoring] = {
    "logp_mean": Scoring(
        "nats per token", lambda rows: rows["logp_mean"], ("logp_mean",), lambda rows: _reference_mean(rows)
    ),
    "logp_sum": Scoring("nats", lambda rows: rows["logp_sum"], ("logp_sum",), lambda rows: rows["ref_logp_sum"]),
    "implicit": Scoring("nats", lambda rows: rows["logp_sum"] - rows["ref_logp_sum"], ("logp_sum", "ref_logp_sum")),
    "reward_model": Scoring("reward", lambda rows: rows["reward"], ("reward",)),
}
"""Every scoring; `implicit` is the log-ratio to the reference without beta, for every method. The mean is the
scorer's own, in the precision it was asked for; that of an empty response counts it as one token."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The checked pairs of one cell, sorted by example id."""

    examples: tuple[str, ...]
    """[n] ids, without the pairs that are left out."""
    left_out: Mapping[str, int]
    """Pairs that an excluded flag leaves out, by what `flags` calls them."""
    available: tuple[str, ...]
    """Scorings that the rows can give, judged before anything is left out."""
    columns: tuple[str, ...]
    """Names of the per-response columns, without their prefix."""
    split: str
    """Name of the split that was scored."""
    scorer_version: int
    """Version of the score stage that made the rows."""
    values: Values
    """[n, 2] numbers of the rows by column."""
    flags: Array
    """[n] the name of each pair's flag (`flags.NAMES`), empty without one."""
    prompt: Array | None = None
    """[n] number of each pair's prompt; none where every pair has a prompt of its own, or the rows name none."""

    def only(self, mask: Array) -> Pairs:
        """These pairs alone.

        Args:
            mask: [n] bool.
        """
        return replace(
            self,
            examples=tuple(example for example, selected in zip(self.examples, mask, strict=True) if selected),
            values={name: column[mask] for name, column in self.values.items()},
            flags=self.flags[mask],
            prompt=None if self.prompt is None else prompt_numbers(self.prompt[mask]),
        )

    def has(self, metric: Metric, scoring: str) -> bool:
        """Whether the rows hold all that a metric reads under one scoring; of the pairs that are left, or of none."""
        stored = {name: self._stored(name, scoring) for name in metric.reads}
        return (
            scoring in self.available
            and set(metric.columns) <= set(self.columns)
            and all(values is not None and not (values.size and np.isnan(values).all()) for values in stored.values())
        )

    def scores(self, scoring: str, *, tie_credit: float = 0.5, reads: Sequence[str] = ()) -> PairScores:
        """The pair scores under one scoring, with every column of the rows, and what a metric reads beside them.

        Raises:
            BenchError: no scoring has this name.
            ScoringNotAvailableError: these rows cannot give it.
        """
        if scoring not in SCORINGS:
            raise unknown_name("scoring", scoring, SCORINGS)
        if scoring not in self.available:
            raise ScoringNotAvailableError(f"{scoring}: the rows hold no value it could read")
        scores = _scored(scoring, self.values)  # [n, 2]
        columns = {name: self.values[_COLUMN_PREFIX + name] for name in self.columns}
        sides = {name: (values[:, 0], values[:, 1]) for name, values in columns.items()}
        stored = {name: self._stored(name, scoring) for name in reads}
        of_sides = {name: (values[:, 0], values[:, 1]) for name, values in stored.items() if values is not None}
        return PairScores(scores[:, 0], scores[:, 1], sides, tie_credit, self.prompt, of_sides)

    def _stored(self, name: str, scoring: str) -> Array | None:
        """[n, 2] of what scoring keeps of every response; none where this scoring has no such thing."""
        if name != "reference":
            return self.values[name]
        reference = SCORINGS[scoring].reference
        return None if reference is None else reference(self.values)


def pairs(frame: pd.DataFrame, *, exclude: Sequence[str] = ()) -> Pairs:
    """Check the score rows of one cell and pair them.

    Args:
        frame: one row per response, all of one recipe, method, variant, seed, split and scorer version; pairs with the
            same `prompt` are one cluster, without such a column each is one of its own.
        exclude: flags; a pair with one of them on either response is left out.

    Raises:
        BenchError: no flag has this name.
        ValueError: no rows, rows of several cells, or an example without exactly the candidates 0 and 1.
    """
    for flag in exclude:
        if flag not in FLAGS:
            raise unknown_name("flag", flag, FLAGS)
    _check_one_cell(frame)
    examples = [str(example) for example in frame["example"]]
    candidates = [int(candidate) for candidate in frame["candidate"]]
    _check_candidates(examples, candidates)
    order = sorted(range(len(examples)), key=lambda row: (examples[row], candidates[row]))
    flags = name_flags(frame, order)
    keep = np.ones(len(order) // 2, dtype=bool)
    for flag in exclude:
        keep &= ~np.asarray(frame[flag], dtype=bool)[order].reshape(-1, 2).any(axis=1)
    values = _values(frame)
    prompts = np.asarray(frame["prompt"], dtype=str)[order][::2][keep] if "prompt" in frame else None
    return Pairs(
        examples=tuple(examples[row] for row, selected in zip(order[::2], keep, strict=True) if selected),
        left_out=count_flags(flags[~keep]),
        available=tuple(name for name in SCORINGS if not np.isnan(_scored(name, values)).all()),
        columns=tuple(sorted(name.removeprefix(_COLUMN_PREFIX) for name in values if name not in _SCORED)),
        split=str(frame["split"].iloc[0]),
        scorer_version=int(frame["scorer_version"].iloc[0]),
        values={name: column[order].reshape(-1, 2)[keep] for name, column in values.items()},
        flags=flags[keep],
        prompt=None if prompts is None else prompt_numbers(prompts),
    )


def _reference_mean(values: Values) -> Array:
    """Nats per token of the reference; an empty response counts as one token, as for the policy."""
    return values["ref_logp_sum"] / np.maximum(values["n_tokens"], 1)


def _scored(scoring: str, values: Values) -> Array:
    with np.errstate(invalid="ignore"):  # the metrics answer a score that is not finite with a note
        return SCORINGS[scoring].score(values)


def _values(frame: pd.DataFrame) -> dict[str, Array]:
    extra = [str(name) for name in frame.columns if str(name).startswith(_COLUMN_PREFIX)]
    return {name: np.asarray(frame[name], dtype=np.float64) for name in (*_SCORED, *extra)}


def _check_one_cell(frame: pd.DataFrame) -> None:
    if frame.empty:
        raise ValueError("expected the score rows of one cell, found none")
    mixed = [name for name in _CELL if len(frame[name].unique()) != 1]
    if mixed:
        raise ValueError(f"expected the score rows of one cell, found several values of {', '.join(mixed)}")


def _check_candidates(examples: Sequence[str], candidates: Sequence[int]) -> None:
    others = sorted(set(candidates) - {0, 1})
    if others:
        raise ValueError(f"expected candidates 0 and 1 (pairs), found also {', '.join(map(str, others))}")
    rows = Counter(zip(examples, candidates, strict=True))
    repeated = sorted({example for (example, _), count in rows.items() if count > 1})
    if repeated:
        raise ValueError(f"expected one row per response, found a candidate twice in {_some(repeated)}")
    alone = sorted(example for example, count in Counter(examples).items() if count == 1)
    if alone:
        raise ValueError(f"expected candidates 0 and 1 of every example, found one of them missing in {_some(alone)}")


def _some(examples: Sequence[str]) -> str:
    shown = ", ".join(f"'{example}'" for example in examples[:3])
    return shown if len(examples) <= 3 else f"{shown} and {len(examples) - 3} more"
