"""Reward models of two layers with the heads of an objective, and examples with the columns that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.reward_objective import RewardObjective
from benchbench.data.tokenized import TokenizedExample
from benchbench.models.load import seeded
from benchbench.models.reward_head import RewardModel
from tests.training.toys import PAD, examples, model

from .toys import drawn


def reward_model(
    objective: RewardObjective,
    hyper: Any,
    *,
    packed: bool = True,
    pooling: str = "mean",
    dtype: torch.dtype = torch.float64,
) -> RewardModel:
    """A reward model whose backbone is the toys' and whose head is drawn with a standard deviation of 0.3."""
    backbone = model(packed=packed).base_model
    with seeded(0, "toy head"):
        return RewardModel(
            backbone, pooling=pooling, head_dtype=dtype, initial_std=0.3, objective=objective, hyper=hyper
        )


def given(objective: RewardObjective, hyper: Any, count: int = 6, candidates: int = 2) -> list[TokenizedExample]:
    """Examples with every column that the objective's batches carry; ragged lengths, so that batches are padded."""
    generator = torch.Generator().manual_seed(0)
    columns = {c.name: drawn(c, generator, count, candidates).tolist() for c in objective.carried_columns(hyper)}
    return [
        replace(example, columns={n: tuple(v[i]) if isinstance(v[i], list) else v[i] for n, v in columns.items()})
        for i, example in enumerate(examples(count, candidates=candidates))
    ]


def batch(objective: RewardObjective, hyper: Any, rows: Sequence[TokenizedExample]) -> CandidateBatch:
    """One batch of the rows, whole, with the columns that the objective reads."""
    names = [column.name for column in objective.carried_columns(hyper)]
    return collate(rows, pad=PAD, device=torch.device("cpu"), columns=names, whole=True)
