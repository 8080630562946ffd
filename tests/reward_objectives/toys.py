"""Scores of a head that was never made, with what an objective declares and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchbench import reward_objectives
from benchbench.core.method import Candidates, Column, terms_of
from benchbench.core.reward_objective import HIDDEN, RewardObjective, RewardScores
from tests.methods.toys import between

HIDDEN_SIZE = 5
SMALL: dict[str, dict[str, Any]] = {
    "gpm": {"dimensions": 4, "tau": 1.0, "gate": True},
    "micro": {"heads": 3},
    "micro_hedge": {"heads": 3, "users": 3, "pairs": 2, "rate": 0.5},
    "rm_maxmin": {"users": 3, "groups": 2},
    "pal_a": {"users": 3, "prototypes": 2, "dimensions": 4},
    "pal_b": {"users": 3, "prototypes": 2, "dimensions": 4},
    "drm": {"components": 2, "adaptation_pairs": 3},
    "multi_label": {"columns": ("a", "b"), "weights": (0.7, 0.3)},
    "features": {"columns": ("a", "b"), "ridge": 0.1},
    "plackett_luce": {"column": "score"},
    "dprm": {"grades": 3},
    "classification": {"classes": 3, "column": "grade"},
    "p2c_twin": {"classes": 3, "column": "grade", "weight": 0.5},
    "bt_two_layer": {"width": 4},
}
"""Hyper-parameters of small heads; other objectives have their defaults."""


def named(name: str) -> tuple[RewardObjective, Any]:
    """An objective with small hyper-parameters."""
    objective = reward_objectives.get(name)
    return objective, objective.hyper(**SMALL.get(name, {}))


def rewards(*rows: list[float], columns: dict[str, Tensor] | None = None) -> RewardScores:
    """Scalar rewards, a row per example, in float64."""
    return RewardScores(torch.tensor(rows, dtype=torch.float64)[..., None], _column=columns or {})


def column(*values: Any) -> Tensor:
    """A column in float64."""
    return torch.tensor(values, dtype=torch.float64)


def drawn(column: Column, generator: torch.Generator, examples: int, candidates: int) -> Tensor:
    """A column within its range; of whole numbers where it is bounded on both sides by whole numbers beyond 1."""
    shape = (examples,) if column.per == "example" else (examples, candidates)
    shares = torch.rand(shape, generator=generator, dtype=torch.float64)
    return shares.apply_(lambda share: between(column, share))


def random_scores(
    objective: RewardObjective,
    hyper: Any,
    *,
    examples: int = 5,
    candidates: int = 2,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> RewardScores:
    """Standard normal outputs, states and tables, and columns within their ranges."""
    generator = torch.Generator().manual_seed(seed)
    head = objective.head(hyper)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=dtype)

    def sized(shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(HIDDEN_SIZE if size == HIDDEN else size for size in shape)

    return RewardScores(
        None if head.response is None else normal(examples, candidates, head.response.outputs),
        None if head.prompt is None else normal(examples, head.prompt.outputs),
        normal(examples, candidates, HIDDEN_SIZE) if head.states else None,
        {name: normal(*sized(table.shape)) for name, table in head.tables.items()},
        {c.name: drawn(c, generator, examples, candidates) for c in objective.carried_columns(hyper)},
    )


def per_example(objective: RewardObjective, hyper: Any, scores: RewardScores) -> Tensor:
    """[B] sum of the terms."""
    return torch.stack([term.values for term in terms_of(objective.loss(scores, hyper)).values()]).sum(dim=0)


def rows_of(scores: RewardScores, chosen: Any) -> RewardScores:
    """The scores of some examples, in an order."""

    def part(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor[chosen]

    return replace(
        scores,
        _outputs=part(scores._outputs),
        _prompt=part(scores._prompt),
        _states=part(scores._states),
        _column={name: tensor[chosen] for name, tensor in scores._column.items()},
    )


def accepted(objective: RewardObjective) -> tuple[int, ...]:
    """Numbers of candidates that an objective takes."""
    return (2,) if objective.candidates is Candidates.PAIR else (2, 4)
