"""Selecting: which responses of a round become training rows, and which rows of earlier rounds are read again."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from benchbench import selectors
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.identity import restore
from benchbench.core.rollout import Pick
from benchbench.core.seeding import stream
from benchbench.core.selector import Selection
from benchbench.data.drawn_rows import DrawnRow, row_json, row_of, rows_of
from benchbench.data.rollout_json import group_of, labels_of
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext
from benchbench.stages.select.settings import REPLAY, SelectSettings
from benchbench.store.made import made_hash, made_lines, write_made

Context = StageContext[SelectSettings]
LABEL = "label"


def run(context: Context) -> Result:
    """Leave the round's rows and, behind them, those of the rounds that are replayed, the latest first.

    Raises:
        BenchError: exit code 1; nothing was selected, and the recipe wants rows.
    """
    settings, split = context.settings, context.settings.data.split
    groups = [group_of(line) for line in made_lines(context.input("rollout"), split)]
    selection = _selection(context, groups)
    rows = [row for group, picks in zip(groups, selection.picks, strict=True) for row in rows_of(group, picks)]
    replayed = _latest(context, {group.example for group in groups}) if settings.keeps_latest else _replayed(context)
    dropped = dict(selection.dropped)
    if not rows and not replayed:
        said = "; ".join(f"{count} groups: {reason}" for reason, count in dropped.items()) or "no groups"
        if settings.on_empty == "fail":
            raise BenchError(
                f"{context.spec.title}: expected rows to train on, found none: {said}; loosen "
                "the selector's options, draw more responses, or, in rounds, set rounds.on_empty: keep_policy",
                exit_code=ExitCode.FAILED,
            )
        context.report({"message": f"{context.spec.title}: no rows ({said}); the round keeps its policy"})
    write_made(context.folder, {split: [*rows, *replayed]}, row_json)
    counts = {"groups": len(groups), "rows": len(rows), "replayed": len(replayed), "dropped": dropped}
    return Result(0, {**counts, "content": made_hash(context.folder, split)})


def _selection(context: Context, groups: list[Any]) -> Selection:
    settings = context.settings
    selector = selectors.get(settings.selector.name)
    where = "rounds.selector.options"
    options, faults = bind(selector.options, restore(selector.options, settings.selector.options), where=where)
    assert not faults, faults
    labels = [None] * len(groups)
    if LABEL in context.spec.inputs:
        labels = [labels_of(line) for line in made_lines(context.input(LABEL), settings.data.split)]
    selection = selector.select(options, groups, labels, _draws(settings))
    picks = [tuple(_with_names(pick, settings.selector.columns) for pick in picks) for picks in selection.picks]
    return Selection(picks, selection.dropped)


def _with_names(pick: Pick, names: Mapping[str, str]) -> Pick:
    """A row whose columns stand under further names too; one that it lacks is missing under both."""
    return Pick(pick.places, {**pick.columns, **{n: pick.columns[c] for n, c in names.items() if c in pick.columns}})


def _draws(settings: SelectSettings) -> np.random.Generator:
    """The selector's draws; one that declares none gets draws that are the same for all seeds."""
    return stream(settings.seed or 0, f"select r{settings.round}")


def _replayed(context: Context) -> list[DrawnRow]:
    """The rows that earlier rounds selected themselves, the latest round's first."""
    numbers = sorted(
        (int(name.removeprefix(REPLAY)) for name in context.spec.inputs if name.startswith(REPLAY)), reverse=True
    )
    rows: list[DrawnRow] = []
    for number in numbers:
        lines = made_lines(context.input(f"{REPLAY}{number}"), context.settings.data.split)
        rows += [row for row in map(row_of, lines) if row.round == number]
    return rows


def _latest(context: Context, answered: Set[str]) -> list[DrawnRow]:
    """What the round before left of prompts that this one did not answer: each row is of its prompt's latest round."""
    lines = made_lines(context.input(f"{REPLAY}{context.settings.round - 1}"), context.settings.data.split)
    return [row for row in map(row_of, lines) if row.answered not in answered]
