"""Responses and verdicts of finished cells: win-rate tables, what responses are like, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.commands.compare.fairness import judge_of
from benchbench.comparison.pairs.machines import some
from benchbench.comparison.pairs.replicates import Replicates, replicates
from benchbench.comparison.win_rates.against import Against, against
from benchbench.comparison.win_rates.bradley_terry import Ratings, bradley_terry
from benchbench.comparison.win_rates.self_consistency import SelfConsistency, self_consistency
from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.identity import identity
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.judge_stages import CHOSEN
from benchbench.report.comparison import shared_marks
from benchbench.report.responses import shown_statistics, statistics_frame
from benchbench.report.status import status_notes
from benchbench.report.win_rates import (
    LEGEND,
    interval_frame,
    shared_notes,
    shown_ratings,
    shown_rewards,
    shown_win_rates,
)
from benchbench.store.generations import read_engine, read_generations
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import read_verdicts

NO_SAMPLES: Mapping[str, object] = {
    "win_rates": [],
    "win_rate_intervals": [],
    "judge_consistency": {},
    "responses": [],
}
"""`Samples.as_values` where nothing was drawn."""


NotedTable = tuple[str, list[str], list[dict[str, str]]]
"""(title, notes, rows) of a table for a reader."""


@dataclass(frozen=True)
class Samples:
    """What is known of the responses of a comparison."""

    rows: list[Against]
    """By opponent, in the order of the comparison's labels."""
    statistics: pd.DataFrame
    judge: str
    """Its name and what it judges with; several where an audit allowed it."""
    prompts: str
    """Prompt file, or the split of the data that was answered."""
    prompts_hash: str
    """Of its content."""
    chosen: str
    """What the opponent `chosen` is, in words."""
    judge_hash: str
    """Of the judge's name, version and options; empty where nothing was judged."""
    temperature: str
    """That responses were drawn at, part of every win rate's name."""
    generate_hash: str
    """Of everything that says how responses were drawn."""
    marks: Mapping[str, Sequence[str]]
    """Label -> what a reader must know of its rows: untuned, overridden."""
    ratings: Ratings | None = None
    """Where every row met every other."""
    consistency: Mapping[str, SelfConsistency] = field(default_factory=dict)
    """Opponent -> how the judge agrees with itself between the two orders, over all contests of its table."""

    @property
    def shared_marks(self) -> tuple[str, ...]:
        """Marks of every label."""
        return shared_marks(list(self.marks.values()))

    @property
    def opponents(self) -> tuple[str, ...]:
        """The opponents of the rows, in the order of the tables."""
        return tuple(dict.fromkeys(row.opponent for row in self.rows))

    def win_rates(self, opponent: str) -> tuple[str, list[dict[str, str]]]:
        """(title with all notes, rows) of the win rates against one opponent, for a reader."""
        return _one_title(*self._noted(opponent))

    def _noted(self, opponent: str) -> NotedTable:
        own_marks = {
            label: "; ".join(mark for mark in marks if mark not in self.shared_marks)
            for label, marks in self.marks.items()
        }
        rows = self._against(opponent)
        who = f"judge {self.judge}, {rows[0].controlled.prompts} prompts of {self.prompts}"
        title = f"win rate against {self._named(opponent)}, {who}, temperature {self.temperature}"
        if note := self.consistency[opponent].note:  # marks the table, so it is no footnote
            title = f"{title}; {note}"
        notes = [
            *shared_notes(rows),
            *([LEGEND] if any(len(row.raw.seeds) > 1 for row in rows) else []),
            *status_notes(mark for marks in self.marks.values() for mark in marks),
        ]
        return title, notes, shown_win_rates(rows, own_marks)

    def as_values(self) -> dict[str, object]:
        """Everything for a program: win rates, their intervals and ratings, and what responses are like."""
        return {
            "win_rates": [asdict(row) for row in self.rows],
            "win_rate_intervals": interval_frame(self.rows, self.ratings).to_dict("records"),
            "judge_consistency": {
                opponent: asdict(of) | {"note": of.note} for opponent, of in self.consistency.items()
            },
            "responses": self.statistics.to_dict("records"),
        }

    def _against(self, opponent: str) -> list[Against]:
        return [row for row in self.rows if row.opponent == opponent]

    def _named(self, opponent: str) -> str:
        return self.chosen if opponent == CHOSEN else opponent

    def tables(self) -> list[tuple[str, list[dict[str, str]]]]:
        """(title, rows) of every table for a reader; notes stand in the title."""
        return [_one_title(*table) for table in self.noted_tables()]

    def noted_tables(self) -> list[NotedTable]:
        """Every table for a reader, with its notes apart."""
        tables: list[NotedTable] = []
        for opponent in self.opponents:
            tables.append(self._noted(opponent))
            if rewards := shown_rewards(self._against(opponent)):
                tables.append((f"scores of judge {self.judge} beside those of {self._named(opponent)}", [], rewards))
        if self.ratings is not None:
            tables.append((f"Bradley-Terry ratings, judge {self.judge}", [], shown_ratings(self.ratings)))
        if len(self.statistics):
            tables.append(("responses, means over seeds", [], shown_statistics(self.statistics)))
        return tables


def _one_title(title: str, notes: Sequence[str], rows: list[dict[str, str]]) -> tuple[str, list[dict[str, str]]]:
    return "; ".join([title, *notes]), rows


def collect(
    cells: Sequence[Cell],
    plan: Plan,
    store: RunStore,
    *,
    allow_mixed: bool,
    prompts: Path | None,
    marks: Mapping[str, Sequence[str]],
    runs: Mapping[str, Sequence[int]],
) -> Samples | None:
    """Everything that was drawn and judged in finished cells; none where nothing was drawn.

    `prompts` is the file that was answered; none for the recipes' own split. `marks` are those of the pair tables, and
    `runs` say by label which seeds are copies of one run: responses may differ where policies do not.

    Raises:
        BenchError: responses of different engines or kinds of device side by side.
    """
    drawn = {
        (cell.loaded.label, cell.seed): (
            read_generations(store.sound_folder(cell.generate)),
            read_engine(store.sound_folder(cell.generate)),
        )
        for cell in cells
        if cell.generate is not None
    }
    if not drawn:
        return None
    if not allow_mixed:
        _refuse_mixed(cells, store, {place: about for place, (_, about) in drawn.items()})
    grouped: dict[tuple[str, str], dict[int, pd.DataFrame]] = {}
    for cell in cells:
        for opponent, frame in verdict_rows(cell, store).items():
            grouped.setdefault((opponent, cell.loaded.label), {})[cell.seed] = frame
    return gathered(cells, plan, grouped, statistics_frame(drawn), prompts=prompts, marks=marks, runs=runs)


def _refuse_mixed(cells: Sequence[Cell], store: RunStore, drew: Mapping[tuple[str, int], Mapping[str, Any]]) -> None:
    """Return only if all responses were drawn by one engine on one kind of device."""
    folders: dict[str, dict[str, None]] = {}
    for cell in cells:
        if cell.generate is not None:
            about = drew[cell.loaded.label, cell.seed]
            engine = f"{about['engine']} {about['version']} on {about['device_kind']}"
            folders.setdefault(engine, {})[cell.generate] = None
    if len(folders) > 1:
        by_engine = " and ".join(f"{engine} ({some(list(keys))})" for engine, keys in sorted(folders.items()))
        raise BenchError(
            f"{store.root}: responses were drawn by {by_engine}; draw all with one: remove the folders of the others "
            "and run the command again, or add --allow-mixed, which shows it"
        )


def gathered(
    cells: Sequence[Cell],
    plan: Plan,
    grouped: Mapping[tuple[str, str], Mapping[int, pd.DataFrame]],
    statistics: pd.DataFrame,
    *,
    prompts: Path | None,
    marks: Mapping[str, Sequence[str]],
    runs: Mapping[str, Sequence[int]],
) -> Samples:
    """Win rates from verdict rows, by (opponent, label) and seed, with what the plan says of how they were made.

    The arguments are those of `collect`, with the verdicts and what responses are like.
    """
    generation = [plan.stages[cell.generate].settings for cell in cells if cell.generate is not None]
    answered = generation[0].data
    judges = {cell.loaded.label: judge_of(cell, plan) for cell in cells if cell.verdicts}
    judged = {key for key, _ in judges.values()}
    named = {label: f"{name} [{key}]" if len(judged) > 1 else name for label, (key, name) in judges.items()}
    opponents = list(dict.fromkeys(opponent for opponent, _ in grouped))
    ordered = [key for opponent in opponents for key in grouped if key[0] == opponent]
    rows = [against(grouped[key], judge=named[key[1]], replicates=_runs(runs, grouped[key], key)) for key in ordered]
    return Samples(
        rows,
        statistics,
        " and ".join(dict.fromkeys(named.values())) or "none",
        answered.split if prompts is None else prompts.name,
        answered.hash or str(answered.made_by),
        "the data's chosen response" if prompts is None else "the file's own response",
        " ".join(sorted(judged)),
        " and ".join(dict.fromkeys(f"{settings.generate.temperature:g}" for settings in generation)),
        " ".join(sorted({fingerprint(identity(settings.generate)) for settings in generation})),
        marks,
        _ratings(cells, grouped, runs),
        {
            opponent: self_consistency(
                frame for (other, _), frames in grouped.items() if other == opponent for frame in frames.values()
            )
            for opponent in opponents
        },
    )


def _runs(runs: Mapping[str, Sequence[int]], by_seed: Iterable[int], labels: Iterable[str]) -> Replicates:
    """The independent runs of rows of some labels; the data's chosen responses are no run."""
    return replicates(tuple(by_seed), {label: runs[label] for label in labels if label != CHOSEN})


def verdict_rows(cell: Cell, store: RunStore) -> dict[str, pd.DataFrame]:
    """Opponent -> the verdict rows of a finished cell, with the names of label and opponent."""
    return {
        opponent: read_verdicts(store.sound_folder(key)).assign(label=cell.loaded.label, opponent=opponent)
        for opponent, key in cell.verdicts.items()
    }


def _ratings(
    cells: Sequence[Cell],
    grouped: Mapping[tuple[str, str], Mapping[int, pd.DataFrame]],
    runs: Mapping[str, Sequence[int]],
) -> Ratings | None:
    """Ratings of the rows that met each other; none where the recipes compare them with a baseline alone."""
    if not all(c.loaded.recipe.judge is not None and "each_other" in c.loaded.recipe.judge.against for c in cells):
        return None
    met = [frames for (opponent, _), frames in grouped.items() if opponent != CHOSEN]
    if not met:
        return None
    by_seed = {seed: pd.concat([frames[seed] for frames in met]) for seed in met[0]}
    return bradley_terry(by_seed, replicates=_runs(runs, by_seed, runs))
