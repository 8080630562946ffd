"""Columns of what models said of examples, and the transforms that read them; what is left out is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchbench import transforms
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Column, Example
from benchbench.core.identity import restore
from benchbench.core.measurement import Array
from benchbench.data.column_shape import is_missing
from benchbench.data.serial import to_json
from benchbench.data.transforming import as_report, check_order, transform_split
from benchbench.recipe.binding import bind
from benchbench.recipe.model_columns import DROPOUT_REWARDS, IMPLICIT_REWARD, LOGP_SUM, REWARD
from benchbench.stages.context import Result, StageContext
from benchbench.stages.model_columns.settings import MODEL, REFERENCE, ColumnSettings, ModelColumnsSettings
from benchbench.store.made import write_made
from benchbench.store.rows import read_rows

Values = Mapping[str, Mapping[str, Column]]
"""Example id -> name -> the column that was made of it."""


def run(context: StageContext[ModelColumnsSettings]) -> Result:
    """Leave the examples with their columns after the transforms; says what was left out, and why."""
    settings = context.settings
    examples: Sequence[Example] = context.examples()
    read = len(examples)
    missing: dict[str, int] = {}
    for place, column in enumerate(settings.columns):
        values = columns_of_rows(column, _rows(context, f"{MODEL}{place}"), _rows(context, f"{REFERENCE}{place}"))
        with_column = [replace(e, columns={**e.columns, **values[e.id]}) for e in examples]
        examples, gaps = without_gaps(with_column, column, values, where=context.spec.title)
        if gaps:
            missing[column.name] = gaps
            context.report({"message": f"{context.spec.title}: {column.name} missing in {gaps} of {read} examples"})
    examples, reports = _transformed(context, examples)
    if not examples:
        raise BenchError(
            f"{context.spec.title}: expected examples after the transforms, found none of {read}; missing values: "
            f"{missing or 'none'}; transforms: {reports or 'none'}",
            exit_code=ExitCode.FAILED,
        )
    counts = write_made(context.folder, {settings.data.split: examples}, to_json)
    return Result(0, {"examples_read": read, "missing": missing, "transforms": reports, "examples": counts})


def _rows(context: StageContext[ModelColumnsSettings], name: str) -> pd.DataFrame | None:
    """Rows of an input in the order of their candidates; none where the column has no such input."""
    if name not in context.spec.inputs:
        return None
    return read_rows(context.input(name)).sort_values(["example", "candidate"], ignore_index=True)


def columns_of_rows(column: ColumnSettings, model: pd.DataFrame | None, reference: pd.DataFrame | None) -> Values:
    """What rows say of each example under the column's name; NaN where that is not defined.

    A log-probability and an entropy of a response without a token are not defined, nor anything that is not finite.

    Args:
        column: which value, and its name.
        model: rows of the model, one per response, in the order of example and candidate.
        reference: those of the reference of an implicit reward; none of other values.
    """
    assert model is not None, "planned with the rows of its model"
    names = model["example"].astype(str)
    values = _values(column, model, reference)
    values = np.where(np.isfinite(values), values, np.nan)
    groups = {str(name): rows.to_numpy() for name, rows in pd.Series(model.index).groupby(names)}
    if column.value != DROPOUT_REWARDS:
        return {name: {column.name: tuple(values[rows, 0].tolist())} for name, rows in groups.items()}
    return {name: of_passes(column.name, values[rows].T) for name, rows in groups.items()}


def _values(column: ColumnSettings, model: pd.DataFrame, reference: pd.DataFrame | None) -> Array:
    """[rows, 1] the value of each response, or [rows, n] its rewards in n passes."""
    if column.value == DROPOUT_REWARDS:
        return np.stack(model["passes"].to_list()).astype(np.float64)
    if column.value == REWARD:
        return model["reward"].to_numpy(np.float64)[:, None]
    if column.value != IMPLICIT_REWARD:
        return _per_response(model, column.value)
    assert reference is not None and column.scale is not None, "planned with the rows of its reference"
    key = ["example", "candidate", "n_tokens"]
    assert model[key].equals(reference[key]), "both were scored on the same tokens"
    return column.scale * (_per_response(model, LOGP_SUM) - _per_response(reference, LOGP_SUM))


def _per_response(rows: pd.DataFrame, name: str) -> Array:
    """[rows, 1] a number of a score's rows; NaN for a response without a token."""
    return rows[name].where(rows["n_tokens"] > 0).to_numpy(np.float64)[:, None]


def of_passes(name: str, rewards: Array) -> Mapping[str, Column]:
    """What passes with dropout say of one example: each pass, mean and sample standard deviation.

    Args:
        name: of the columns, which it begins.
        rewards: [n, K] each pass's reward of each candidate; a pair also has mean and deviation of its margins, the
            first candidate's reward minus the second's.
    """
    columns: dict[str, Column] = {f"{name}_{i + 1}": tuple(rewards[i].tolist()) for i in range(len(rewards))}
    columns[f"{name}_mean"] = tuple(rewards.mean(axis=0).tolist())
    columns[f"{name}_sd"] = tuple(rewards.std(axis=0, ddof=1).tolist())
    if rewards.shape[1] == 2:
        margins = rewards[:, 0] - rewards[:, 1]
        columns |= {f"{name}_margin_mean": float(margins.mean()), f"{name}_margin_sd": float(margins.std(ddof=1))}
    return columns


def without_gaps(
    examples: Sequence[Example], column: ColumnSettings, values: Values, *, where: str
) -> tuple[list[Example], int]:
    """The examples that stay under the column's rule for gaps, and in how many it has one.

    Raises:
        BenchError: there is a gap, and the rule is to stop; the first example is named.
    """
    gaps = {example.id for example in examples if any(is_missing(value) for value in values[example.id].values())}
    if gaps and column.missing == "error":
        first = next(example.id for example in examples if example.id in gaps)
        raise BenchError(
            f"{where}: expected {column.value} of every response in the column '{column.name}', found none in "
            f"{len(gaps)} of {len(examples)} examples, first {first}; leave them out with `missing: drop` beside it, "
            "or mend the data",
            exit_code=ExitCode.FAILED,
        )
    stay = [example for example in examples if column.missing == "keep" or example.id not in gaps]
    return stay, len(gaps)


def _transformed(
    context: StageContext[ModelColumnsSettings], examples: Sequence[Example]
) -> tuple[Sequence[Example], list[dict[str, Any]]]:
    """The examples after every transform, and what each did."""
    ordered = context.settings.ordered
    reports: list[dict[str, Any]] = []
    for place, step in enumerate(context.settings.transforms):
        transform, where = transforms.get(step.name), f"{context.spec.title}: preference.transforms.{place}"
        options, faults = bind(transform.options, restore(transform.options, step.options), where=where)
        assert not faults, faults
        check_order(transform, ordered, where)
        before = len(examples)
        examples, counts = transform_split(transform, examples, options, step.draw_seed or 0, where=where)
        ordered = ordered or transform.sets_order(options)
        reports.append(as_report(step.name, before, len(examples), counts))
    return examples, reports
