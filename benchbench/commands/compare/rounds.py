"""What became of every round: its draws and rows, and what its policy answers, beside where all start."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from benchbench.commands.compare.win_rates import Samples
from benchbench.comparison.degeneration import guard
from benchbench.comparison.pairs.replicates import Replicates, replicates
from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.win_rates.rates import win_rate_over_seeds
from benchbench.core.rollout import DATA
from benchbench.data.rollout_json import group_of, labels_of
from benchbench.plan.graph import Cell, RoundKeys
from benchbench.report.responses import statistics_frame
from benchbench.report.rounds import RoundRow
from benchbench.store.generations import read_engine, read_generations
from benchbench.store.made import made_lines
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import read_verdicts

BySeed = Mapping[int, tuple[Cell, RoundKeys]]
"""Seed -> cell and round of one number."""


def round_rows(
    cells: Sequence[Cell],
    store: RunStore,
    samples: Samples | None,
    *,
    start: str,
    baseline: str,
    runs: Mapping[str, Sequence[int]],
) -> list[RoundRow]:
    """Every round of every row that has some, over its seeds.

    Args:
        cells: finished.
        store: where their stages are.
        samples: what the rows' own answers are like, the start's among them; none where nothing was drawn.
        start: label of the policy that the first round starts from; empty where it has no row.
        baseline: of the comparison; the last round's policy may have been judged against it.
        runs: label -> [k] which seeds are copies of one run.
    """
    places: dict[tuple[str, int], dict[int, tuple[Cell, RoundKeys]]] = {}
    for cell in cells:
        for place in cell.rounds:
            places.setdefault((cell.loaded.label, place.number), {})[cell.seed] = cell, place
    drawn = {
        (f"{label} round {number}", seed): _answers(str(place.generate), store)
        for (label, number), by_seed in places.items()
        for seed, (_, place) in by_seed.items()
        if place.generate is not None
    }
    statistics = statistics_frame(drawn) if drawn else pd.DataFrame(columns=["method", "metric", "seed", "value"])
    of_start = None if samples is None else samples.statistics
    departures = _departures(statistics, of_start, start)
    rows = []
    for (label, number), by_seed in places.items():
        policy, seeds = f"{label} round {number}", tuple(by_seed)
        of_runs = replicates(seeds, {label: list(runs.get(label, seeds))})
        by_statistic = statistics.loc[statistics["method"] == policy]
        rows.append(
            RoundRow(
                label=label,
                number=number,
                seeds=seeds,
                win=_win(by_seed, store, of_runs),
                win_of_baseline=_against_baseline(by_seed, store, baseline, of_runs),
                values={
                    **_of_stages(by_seed, store),
                    **{name: _of_seeds(by_statistic, name, seeds) for name in ("kl_k1", "ended", "repetition")},
                    "words": [_words(drawn.get((policy, seed))) for seed in seeds],
                },
                departures=departures.get(policy, ()),
            )
        )
    return rows


def _answers(key: str, store: RunStore) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    folder = store.sound_folder(key)
    return read_generations(folder), read_engine(folder)


def _departures(statistics: pd.DataFrame, of_start: pd.DataFrame | None, start: str) -> dict[str, tuple[str, ...]]:
    """Policy of a round -> the aspects in which it left the range of the start, by the guard of every table."""
    if of_start is None or statistics.empty or not start:
        return {}
    both = pd.concat([statistics, of_start.loc[of_start["method"] == start]])
    values: dict[str, dict[str, Sequence[float]]] = {}
    for policy, of_policy in both.groupby("method", sort=False):
        for name, group in of_policy.groupby("metric", sort=False):
            values.setdefault(str(policy), {})[str(name)] = group.sort_values("seed")["value"].tolist()
    return {policy: tuple(row.aspects) for policy, row in guard(values, start).items() if row.departures}


def _win(by_seed: BySeed, store: RunStore, runs: Replicates) -> Interval | None:
    """The win rate over the start; none where nobody judged the round."""
    keys = {seed: place.verdicts for seed, (_, place) in by_seed.items()}
    return _rate({seed: key for seed, key in keys.items() if key is not None}, len(by_seed), store, runs)


def _against_baseline(by_seed: BySeed, store: RunStore, baseline: str, runs: Replicates) -> Interval | None:
    """The win rate over the baseline, of the last round, whose policy is the row's own."""
    keys = {
        seed: cell.verdicts[baseline]
        for seed, (cell, place) in by_seed.items()
        if place.policy == cell.policy and baseline in cell.verdicts
    }
    return _rate(keys, len(by_seed), store, runs)


def _rate(keys: Mapping[int, str], seeds: int, store: RunStore, runs: Replicates) -> Interval | None:
    if len(keys) < seeds:
        return None
    rows = {
        seed: read_verdicts(store.sound_folder(key)).assign(label="round", opponent="other")
        for seed, key in keys.items()
    }
    return win_rate_over_seeds(rows, replicates=runs).interval


def _of_stages(by_seed: BySeed, store: RunStore) -> dict[str, list[float]]:
    """[k] what the stages of a round recorded at each seed."""
    rounds = [place for _, place in by_seed.values()]
    return {
        **{name: [_recorded(place.select, name, store) for place in rounds] for name in ("rows", "replayed", "groups")},
        **{
            name: [_recorded(place.rollout, name, store) for place in rounds]
            for name in ("responses", "generated_tokens")
        },
        "labels": [0.0 if place.label is None else _recorded(place.label, "answers", store) for place in rounds],
        "last_loss": [_last_loss(place.policy, store) for place in rounds],
        "oracle_score": [_oracle_score(place, cell, store) for cell, place in by_seed.values()],
        "judge_score": [_judge_score(place, store) for _, place in by_seed.values()],
    }


def _oracle_score(place: RoundKeys, cell: Cell, store: RunStore) -> float:
    """Mean score of the drawn responses by the oracle that training asks; NaN where it gives none."""
    section = cell.loaded.recipe.rounds
    if place.label is None or section is None:
        return math.nan
    split = section.prompts.split
    groups = map(group_of, made_lines(store.sound_folder(place.rollout), split))
    labels = map(labels_of, made_lines(store.sound_folder(place.label), split))
    scores = [
        score
        for group, of_group in zip(groups, labels, strict=True)
        if of_group is not None and of_group.scores is not None
        for response, score in zip(group.responses, of_group.scores, strict=True)
        if score is not None and response.source != DATA
    ]
    return fmean(scores) if scores else math.nan


def _judge_score(place: RoundKeys, store: RunStore) -> float:
    """Mean score of the policy's held-out answers by the judge; NaN where it scores none."""
    if place.verdicts is None:
        return math.nan
    scores = read_verdicts(store.sound_folder(place.verdicts))["score"].dropna().tolist()
    return fmean(scores) if scores else math.nan


def _recorded(key: str, name: str, store: RunStore) -> float:
    """A number that a stage recorded; NaN where it did not."""
    record = store.record(key)
    return math.nan if record is None else float(record.summary.get(name, math.nan))


def _last_loss(key: str, store: RunStore) -> float:
    """The last logged loss of a round's training; NaN where the round kept its policy."""
    record = store.record(key)
    last = {} if record is None else record.summary.get("last", {})
    return float(last.get("loss", math.nan))


def _words(answers: tuple[pd.DataFrame, Mapping[str, Any]] | None) -> float:
    return math.nan if answers is None else fmean(len(text.split()) for text in answers[0]["text"])


def _of_seeds(statistics: pd.DataFrame, name: str, seeds: Sequence[int]) -> list[float]:
    """[k] one statistic of each seed; NaN where it is not known."""
    rows = statistics.loc[statistics["metric"] == name]
    values = dict(zip(rows["seed"].tolist(), rows["value"].tolist(), strict=True))
    return [float(values.get(seed, math.nan)) for seed in seeds]
