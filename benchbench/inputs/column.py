"""Columns of the data that a method declares; they travel with the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchbench import methods
from benchbench.core.errors import Fault
from benchbench.core.input import DrawnRows, Input, Pass
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    import torch

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """No stage: the columns are in the data."""
    return {}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """None: whether the data have the columns is seen when they are there."""
    return []


def load(context: StageContext[Any], need: Need) -> Sequence[str]:
    """Names of the columns that the method declares."""
    return methods.get(context.settings.method.name).column_names


def tensor(names: Sequence[str], forward: Pass) -> Mapping[str, torch.Tensor]:
    """Name -> [B] or [B, K] the column's numbers."""
    return {name: forward.batch.columns[name].to(forward.dtype) for name in names}


def drawn(rows: DrawnRows, forward: Pass) -> Mapping[str, torch.Tensor]:
    """Name -> [B] or [B, K] the numbers that the selector, or the oracle, gave the drawn rows."""
    return {name: column.to(forward.dtype) for name, column in forward.batch.columns.items()}


INPUT = Input(name="column", plan=plan, faults=faults, load=load, tensor=tensor, drawn=drawn)
