"""The reward: one number per candidate, from a reward-model stage or from a column of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.example import Example
from benchbench.core.input import DrawnRows, Input, Pass
from benchbench.core.method import MISSING, Method, Need
from benchbench.recipe.online import draws_rows

if TYPE_CHECKING:
    import torch

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


DRAWN_COLUMN = "score"
"""Column of drawn rows that has the oracle's score of each response; NaN where the oracle had no answer, which reaches
only the methods that say `missing=keep`."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The stage that rewards the training pairs; none where a column of the data has the rewards."""
    section = roles.recipe.preference
    assert section is not None, "checked with the recipe"
    return {INPUT.name: roles.reward(section.split)} if section.reward.source == "stage" else {}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """Rewards from a reward model, where the recipe trains none."""
    section = recipe.preference
    if draws_rows(recipe.online, method):
        return []  # whose oracle says it
    if section is None or section.reward.source != "stage" or recipe.reward_model is not None:
        return []
    return [
        Fault(
            "reward_model",
            f"required, not given: method '{method.name}' needs rewards; add a reward_model section to the "
            "setting, or name a column of the data with preference.reward: {source: column, column: NAME}",
        )
    ]


def load(context: StageContext[Any], need: Need) -> Mapping[str, Sequence[float]]:
    """Example id -> reward of each candidate.

    Raises:
        BenchError: a reward model whose numbers are not finite.
    """
    source = context.settings.reward
    if source.column is not None:
        return {example.id: _column(example, source.column) for example in context.examples()}
    return _stage_rewards(context)


def tensor(rewards: Mapping[str, Sequence[float]], forward: Pass) -> torch.Tensor:
    """[B, K] rewards of the candidates, in the unit of their source."""
    import torch

    from benchbench.core.batch import sent

    batch, count = forward.batch, forward.batch.tokens.shape[1]
    values = [[rewards[name][batch.place(b, k)] for k in range(count)] for b, name in enumerate(batch.ids)]
    return sent(torch.tensor(values, dtype=forward.dtype), batch.tokens.device)


def drawn(rows: DrawnRows, forward: Pass) -> torch.Tensor:
    """[B, K] the oracle's scores of drawn responses, in its unit; NaN where it had none."""
    return forward.batch.columns[DRAWN_COLUMN].to(forward.dtype)


def _stage_rewards(context: StageContext[Any]) -> Mapping[str, Sequence[float]]:
    import numpy as np

    from benchbench.store.rows import read_rows

    frame = read_rows(context.input(INPUT.name)).sort_values(["example", "candidate"])
    wrong = frame.loc[~np.isfinite(frame["reward"])]
    if len(wrong):
        row = wrong.iloc[0]
        raise BenchError(
            f"{context.spec.title}: expected finite rewards, found {len(wrong)} of {len(frame)} that are not, "
            f"such as {row['reward']} for candidate {row['candidate']} of example {row['example']}; the reward "
            "model diverged: a smaller reward_model.learning_rate or max_grad_norm is the usual way out",
            exit_code=ExitCode.FAILED,
        )
    return {str(name): group.tolist() for name, group in frame.groupby("example")["reward"]}


def _column(example: Example, name: str) -> Sequence[float]:
    from benchbench.data.column_shape import columns_of

    value = columns_of(example)[name]
    assert isinstance(value, tuple), f"column {name} is per example, the plan has checked that it is per candidate"
    return value


INPUT = Input(
    name="reward", options={MISSING: ("keep",)}, plan=plan, faults=faults, load=load, tensor=tensor, drawn=drawn
)
