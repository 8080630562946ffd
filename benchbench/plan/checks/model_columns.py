"""Columns that models make: that each can be had, and that transforms and method can read what there will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from benchbench import transforms
from benchbench.core.errors import BenchError, Fault
from benchbench.core.example import Column, Example
from benchbench.core.seeding import stream
from benchbench.core.split_shape import ColumnShape, SplitShape
from benchbench.data.column_shape import LABEL, SCORE, split_shape
from benchbench.data.transforming import check_order, transform_split
from benchbench.plan.anchors import source_faults
from benchbench.plan.checks.columns import read_split
from benchbench.plan.model_columns import reference_of
from benchbench.plan.prepared import Prepared
from benchbench.plan.vocabulary import model_config
from benchbench.recipe.load import Loaded
from benchbench.recipe.model_columns import DROPOUT_REWARDS, IMPLICIT_REWARD, ModelColumnSection
from benchbench.recipe.schema import REWARD_MODEL, SFT
from benchbench.store.prepared import PreparedData

TRIED = 200
"""Examples on which transforms are tried before there are values."""


def model_column_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """Models that cannot be had or do not fit, and dropout where there is none."""
    section = loaded.recipe.preference
    if section is None or loaded.recipe.method.name in (SFT, REWARD_MODEL):
        return []
    faults: list[Fault] = []
    for name, column in section.model_columns.items():
        key = f"preference.model_columns.{name}"
        faults += _model_faults(loaded, prepared, key, column)
        faults += _dropout_faults(loaded, prepared, key, column)
        if column.value == IMPLICIT_REWARD:
            source = reference_of(loaded.recipe, column)
            faults += source_faults(loaded, prepared, source, f"{key}.reference")
    return faults


def _model_faults(loaded: Loaded, prepared: Prepared, key: str, column: ModelColumnSection) -> list[Fault]:
    if column.model is not None:
        return source_faults(loaded, prepared, column.model, f"{key}.model", reward_model=not column.of_policy)
    if loaded.recipe.reward_model is None:
        return [
            Fault(key, f"value {column.value} is a reward model's, and the recipe trains none; name one in `model`")
        ]
    return []


def _dropout_faults(loaded: Loaded, prepared: Prepared, key: str, column: ModelColumnSection) -> list[Fault]:
    """Passes of several models at once, or of one whose dropout is known to be 0 everywhere."""
    if column.value != DROPOUT_REWARDS:
        return []
    recipe = loaded.recipe
    rewards = recipe.reward_model
    ensemble = None if column.model is not None or rewards is None else rewards.ensemble
    if ensemble is not None and ensemble.use == "rewards":
        return [Fault(key, "passes with dropout are of one reward model, and reward_model.ensemble is several")]
    config = model_config(loaded, prepared.model_path)
    rates = [value for name, value in config.items() if "drop" in name and isinstance(value, int | float)]
    if recipe.lora is not None:
        rates.append(recipe.lora.lora_dropout)
    if column.dropout is not None or not rates or any(rates):
        return []  # what a configuration does not say is seen when the model is there
    message = "every dropout probability of the model is 0, so all passes would be the same"
    return [Fault(f"{key}.dropout", f"{message}; name a probability, such as dropout: 0.1")]


def trained_shape(loaded: Loaded, data: PreparedData) -> tuple[SplitShape | None, list[Fault]]:
    """The shape of what preference training reads, as far as it is known before any value is made.

    The transforms are tried on some examples with drawn values; of columns that are not in the data yet, the range is
    not known. None where nothing is left of these examples.
    """
    section = loaded.recipe.preference
    assert section is not None, "asked of a recipe that trains on preferences"
    shape = data.shapes[section.split]
    if not section.model_columns:
        return shape, []
    taken = _taken_names(section.model_columns, shape)
    if taken:
        return None, taken
    examples: Sequence[Example] = [*islice(read_split(data, section.split), TRIED)]
    for name, column in section.model_columns.items():
        examples = [replace(e, columns={**e.columns, **_drawn(name, column, e)}) for e in examples]
    ordered, where = shape.ordered, f"split '{section.split}'"
    for place, planned in enumerate(loaded.bound.get("preference.transforms", ())):
        transform, options = transforms.get(planned["name"]), planned["options"]
        try:
            check_order(transform, ordered, where)
            examples, _ = transform_split(transform, examples, options, planned["draw_seed"] or 0, where=where)
        except BenchError as error:
            return None, [Fault(f"preference.transforms.{place}", str(error))]
        ordered = ordered or transform.sets_order(options)
    return (_known(split_shape(examples, ordered=ordered), shape) if examples else None), []


def _taken_names(columns: Mapping[str, ModelColumnSection], shape: SplitShape) -> list[Fault]:
    """Names that the data has already, or that two columns share."""
    seen = {*shape.columns, SCORE, LABEL}
    faults: list[Fault] = []
    for name, column in columns.items():
        names = {*column.made_columns(name), *column.margin_columns(name)}
        twice = sorted(seen & names)
        if twice:
            message = f"expected a name that no column has yet, found {', '.join(twice)} taken; choose another"
            faults.append(Fault(f"preference.model_columns.{name}", message))
        seen |= names
    return faults


def _drawn(name: str, column: ModelColumnSection, example: Example) -> Mapping[str, Column]:
    """Values in the place of those that a model will make."""
    draws = stream(0, f"trial of {name} {example.id}")
    count = len(example.candidates)
    drawn: dict[str, Column] = {each: tuple(draws.normal(size=count).tolist()) for each in column.made_columns(name)}
    if count == 2:
        drawn |= {each: abs(float(draws.normal())) for each in column.margin_columns(name)}
    return drawn


def _known(tried: SplitShape, prepared: SplitShape) -> SplitShape:
    """The shape of a trial, with the range of columns as in the data, or not known."""
    columns = {
        name: prepared.columns.get(name) or ColumnShape(shape.per, None, None) for name, shape in tried.columns.items()
    }
    return replace(tried, columns=columns)
