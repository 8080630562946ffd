"""What stands beside the tables of a comparison: rounds, the frontier, rows at an equal KL, and the ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchbench.commands.compare.conditions import places
from benchbench.commands.compare.frontier.curves import Frontier, frontier
from benchbench.commands.compare.ledger.matching import with_draws
from benchbench.commands.compare.ledger.measured import measured
from benchbench.commands.compare.rounds import round_rows
from benchbench.commands.compare.run import CompareRequest, PreparedComparison
from benchbench.commands.compare.win_rates import Samples
from benchbench.comparison.frontier.matched import MatchedRow
from benchbench.comparison.ledger import Ledger
from benchbench.core.errors import BenchError
from benchbench.plan.judge_stages import CHOSEN
from benchbench.report.frontier import (
    frontier_title,
    matched_frame,
    matched_title,
    points_frame,
    seeds_frame,
    shown_matched,
    shown_points,
)
from benchbench.report.ledger import TITLE, ledger_frame, shown_ledger
from benchbench.report.rounds import RoundRow, rounds_frame, rounds_title, shown_rounds
from benchbench.store.runs import RunStore

Titled = tuple[str, list[dict[str, str]]]
"""(title, rows) of a table."""


@dataclass(frozen=True)
class Beside:
    """What rows took, what they gained against their KL, and how they compare at an equal one."""

    ledger: Ledger
    shows_ledger: bool
    """Whether the ledger is under the tables: a row draws for its training, or something is to match."""
    frontier: Frontier | None
    """None where no curve has two points."""
    rounds: Sequence[RoundRow]
    """Every round of every row that has some."""
    start: str
    baseline: str
    matched: Sequence[Mapping[str, Sequence[MatchedRow]]]
    """For every KL that was asked for: quantity -> curves there."""

    @property
    def opponent(self) -> str:
        """Whom the frontier's values are against, in words."""
        name = "" if self.frontier is None else self.frontier.known.opponent
        return "the data's chosen response" if name == CHOSEN else name

    def tables(self) -> list[Titled]:
        """(title, rows) of every table for a reader."""
        tables: list[Titled] = []
        if self.rounds:
            tables.append((rounds_title(self.start, self.baseline), shown_rounds(self.rounds)))
        if self.frontier is not None:
            known = self.frontier.known
            title = frontier_title(self.opponent, len(known.prompts), known.left_out, self.frontier.without)
            tables.append((title, shown_points(self.frontier.points())))
        for at in self.matched:
            tables += [(matched_title(what, rows, self.opponent), shown_matched(rows)) for what, rows in at.items()]
        if self.shows_ledger and self.ledger:
            tables.append((TITLE, shown_ledger(self.ledger)))
        return tables

    def frames(self) -> dict[str, pd.DataFrame]:
        """Name of a file -> its tidy rows."""
        frames = {"ledger": ledger_frame(self.ledger)} if self.ledger else {}
        if self.rounds:
            frames["rounds"] = rounds_frame(self.rounds)
        if self.frontier is not None:
            points = self.frontier.points()
            frames |= {
                "frontier": points_frame(points),
                "frontier_seeds": seeds_frame(points, self.frontier.known.seeds),
            }
        if self.matched:
            frames["at_kl"] = pd.concat([matched_frame(at) for at in self.matched], ignore_index=True)
        return frames

    def as_values(self) -> dict[str, Any]:
        """All of it for a program."""
        frames = self.frames()
        return {
            "ledger": [row.as_values() for rows in self.ledger.values() for row in rows],
            **{
                name: frames[name].to_dict("records") if name in frames else []
                for name in ("rounds", "frontier", "at_kl")
            },
        }


def beside(
    prepared: PreparedComparison,
    request: CompareRequest,
    store: RunStore,
    *,
    samples: Samples | None,
    start: str,
    runs: Mapping[str, Sequence[int]],
) -> Beside:
    """What stands beside the tables of finished cells.

    Args:
        prepared: the comparison.
        request: with what is to match, and at which KL.
        store: where its stages are.
        samples: what the rows' answers are like; none where nothing was drawn.
        start: label of the policy that all start from; empty where it has no row.
        runs: label -> [k] which seeds are copies of one run.

    Raises:
        BenchError: a KL that the rows do not have.
    """
    session = prepared.session
    ledger = measured(session.cells, session.plan, store, kl_of_cells(samples))
    curves = frontier(session.cells, prepared.loaded, store, start=start, runs=runs) if samples is not None else None
    kls = places(request.at)
    if kls and curves is None:
        raise BenchError(
            f"--at {request.at[0]}: expected rows with a KL to the start and verdicts, found none; give a setting with "
            "the sections generate (temperature 1, no filters) and judge, and leave out --pairs-only"
        )
    matched = [curves.at(kl, baseline=prepared.baseline) for kl in kls] if curves is not None else []
    shown = curves if curves is not None and curves.has_curve else None
    baseline = prepared.baseline
    rounds = round_rows(session.cells, store, samples, start=start, baseline=baseline, runs=runs)
    return Beside(ledger, with_draws(ledger) or bool(request.match), shown, rounds, start, baseline, matched)


def kl_of_cells(samples: Samples | None) -> dict[tuple[str, int], float]:
    """(label, seed) -> estimate k1 of the KL to the start, nats per response; only what is known."""
    if samples is None or samples.statistics.empty:
        return {}
    rows = samples.statistics.loc[samples.statistics["metric"] == "kl_k1"]
    known = zip(rows["method"], rows["seed"], rows["value"], strict=True)
    return {(str(label), int(seed)): float(value) for label, seed, value in known if not math.isnan(value)}
