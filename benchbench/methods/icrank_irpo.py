"""IRPO of in-context ranking: the items of one ranked list against each other, by their relevance and place.

Wu et al. 2025, arXiv:2504.15477. One response lists N items. With r_i the summed log-ratio of item i to the reference,

    z_i  = -log( (1 / (N - 1)) sum_{j != i} exp(beta (r_j - r_i)) )
    loss = -(1 / N) sum_i w_i log sigmoid(z_i),  w_i = (2^rel_i - 1) / log2(1 + place_i)

Checked against the authors' code, rohan2810/In-context-Ranking-Preference-Optimization. Items are the spans `item`,
numbered from 2 in their order (1 is what tokens of no item have); `relevance` are spans with rel on the same tokens.
A list of fewer than two items costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of IRPO of in-context ranking."""

    beta: float = 1.0
    """Reward per nat of an item's log-ratio, > 0; 1 is the authors' code's."""
    weighting: Literal["dcg", "discount", "reciprocal"] = "dcg"
    """Weight of an item: one of dcg (the paper's), discount (1 / log2(1 + place)) and reciprocal ((2^rel - 1) / place),
    its ablations."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "weighting", "dcg", "discount", "reciprocal")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio of the whole list to the reference."""
    return hyper.beta * log_ratio(scores)


def item_weights(relevance: Tensor, place: Tensor, weighting: str) -> Tensor:
    """[B, N] weight of each item."""
    gain = 1.0 if weighting == "discount" else 2**relevance - 1
    return gain / (place if weighting == "reciprocal" else (1 + place).log2())


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] mean over the items of the first candidate of their weighted logistic losses."""
    response, ratio = scores.policy.response[:, 0], (scores.policy.token - scores.reference.token)[:, 0]
    number = scores.token_weights("item")[:, 0]
    numbers = number[response & (number != 1)].unique()  # [N] in rising order
    member = (response & (number != 1))[:, None] & (number[:, None] == numbers[:, None])  # [B, N, T]
    there = member.any(dim=-1)  # [B, N]
    place = there.cumsum(dim=-1).clamp(min=1).to(ratio)
    sums = hyper.beta * (member * ratio[:, None]).sum(dim=-1)  # [B, N]
    relevance = (member * scores.token_weights("relevance")[:, :1]).sum(dim=-1) / member.sum(dim=-1).clamp(min=1)
    ahead = sums[:, None, :] - sums[:, :, None]  # [B, N, N] item j over item i
    other = there[:, None, :] & ~ahead.new_ones(ahead.shape[1:]).tril().triu().bool()
    count = there.sum(dim=-1)
    rest = ahead.masked_fill(~other, -1e9).logsumexp(dim=-1) - (count - 1).clamp(min=1).to(ratio).log()[:, None]
    weight = item_weights(relevance.to(ratio), place, hyper.weighting)
    costs = -weight * F.logsigmoid(-rest) * there * (count > 1)[:, None]
    return costs.sum(dim=-1) / count.clamp(min=1)


METHOD = Method(
    name="icrank_irpo",
    paper=Paper(
        "Wu et al.",
        2025,
        arxiv="2504.15477",
        title="In-context Ranking Preference Optimization",
        note="Checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    candidates=Candidates.ONE,
    token_weights=("item", "relevance"),
    monotone_in_chosen=False,
    monotone_reason="Items of one response are compared with each other, so that one may rise at another's cost.",
    variants={"default": {}, "discount": {"weighting": "discount"}, "reciprocal": {"weighting": "reciprocal"}},
    family=Family.TOKEN_LEVEL,
    equation=(
        "z_i = -log mean_{j != i} exp( beta (r_j - r_i) ),  r_i: log-ratio of item i\n"
        "loss = -mean_i (2^rel_i - 1) / log2(1 + place_i) log sigmoid(z_i)"
    ),
    collisions=("IRPO is also iterative reasoning preference optimisation, arXiv:2404.19733: `rpo_iter`.",),
)
