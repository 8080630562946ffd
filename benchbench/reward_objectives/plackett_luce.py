"""Plackett-Luce: the likelihood of the whole order of K responses.

Plackett 1975 and Luce 1959; as a loss ListMLE, Xia et al. 2008; for ranked preference models Askell et al. 2021,
arXiv:2112.00861. With s_(1), s_(2), ... the rewards in the order of the data,
-sum_i [s_(i) - logsumexp_{j >= i} s_(j)]; K = 2 is `bradley_terry`. Not RankList (arXiv:2508.09826), whose formula was
not obtained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.reward_objective import RewardObjective, RewardScores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Plackett-Luce."""

    column: str | None = None
    """Column with a number for each response, higher is better, that orders them (of equal numbers the earlier response
    is first); none takes the order of the data."""


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the order, where there is one."""
    return () if hyper.column is None else (Column(hyper.column, per="candidate"),)


def takes_order(hyper: Hyper) -> bool:
    """Whether the order of the data counts."""
    return hyper.column is None


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] negative log-likelihood of the order of the responses."""
    reward = scores.reward
    if reward.shape[-1] < 2:
        raise ValueError(f"expected two candidates or more, got K = {reward.shape[-1]}")
    if hyper.column is not None:
        order = scores.column(hyper.column).argsort(dim=-1, descending=True, stable=True)
        reward = reward.gather(-1, order)
    rest = reward.flip(-1).logcumsumexp(dim=-1).flip(-1)  # [B, K] logsumexp over j >= i
    return (rest - reward)[..., :-1].sum(dim=-1)  # the last place is certain


OBJECTIVE = RewardObjective(
    name="plackett_luce",
    paper=Paper(
        "Askell et al.",
        2021,
        arxiv="2112.00861",
        title="A General Language Assistant as a Laboratory for Alignment",
        note="ListMLE; golden value computed independently.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    takes_order=takes_order,
    candidates=Candidates.ANY,
    family="listwise",
    equation="L = -sum_i [s_(i) - logsumexp_{j>=i} s_(j)]",
)
