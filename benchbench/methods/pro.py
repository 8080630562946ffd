"""PRO: K softmax comparisons, each candidate against all that are worse, scaled by the gaps of their rewards.

Song et al. 2023, arXiv:2306.17492. With s the mean log-probability per token, the candidates in the order of their
rewards r, the best first, T_k = max_{i > k} (r_k - r_i), and no reference,

    loss = sum_{k < K} -log( e^{s_k T_k} / (e^{s_k T_k} + sum_{i > k} e^{s_i (r_k - r_i)}) )

and sft_weight (K - 1)^2 times the summed negative log-likelihood of the best. Checked against
AlibabaResearch/DAMO-ConvAI at 64f4da7, PRO/train/utils/process_manager.py. Equal rewards are taken in the order given;
their comparison then has no slope in the worse one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import best_first, differences, not_before, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of PRO."""

    sft_weight: float = 0.05
    """Weight of the likelihood term before (K - 1)^2, >= 0; 0.05 in the released train_hh.sh."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "sft_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] mean log-probability per token."""
    return scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Terms [B]: `ranking`, the K - 1 comparisons of a list, and `sft`, the weighted likelihood of the best.

    Raises:
        ValueError: K is 1; there is nothing to rank.
    """
    order = best_first(scores.reward)
    score = several(reward(scores, hyper)).gather(-1, order)  # [B, K] best first
    gaps = differences(scores.reward.to(score).gather(-1, order))  # [B, K, K] r_k - r_i
    scaled = score * gaps[..., -1]  # the largest gap is the one to the last
    logits = (score[..., None, :] * gaps).masked_fill(~not_before(score), float("-inf"))
    logits = logits.diagonal_scatter(scaled, dim1=-2, dim2=-1)
    ranking = (logits.logsumexp(dim=-1) - scaled).sum(dim=-1)
    best = scores.policy.sum().gather(-1, order[..., :1])[..., 0]
    weight = hyper.sft_weight * (score.shape[-1] - 1) ** 2
    return {"ranking": Term(ranking), "sft": Term(-weight * best)}


METHOD = Method(
    name="pro",
    paper=Paper(
        "Song et al.",
        2023,
        arxiv="2306.17492",
        title="Preference Ranking Optimization for Human Alignment",
        note="Checked against AlibabaResearch/DAMO-ConvAI at 64f4da7, PRO/train.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The rewards say which candidate is the better one, and the first need not be.",
    family=Family.LISTWISE,
    equation=(
        "s = mean log pi, best first;  T_k = max_{i > k} (r_k - r_i)\n"
        "loss = sum_{k < K} log( e^{s_k T_k} + sum_{i > k} e^{s_i (r_k-r_i)} ) - s_k T_k\n"
        "       + sft_weight (K - 1)^2 NLL(best), summed over its tokens"
    ),
    differs={
        "AlibabaResearch/DAMO-ConvAI 64f4da7": "expects lists sorted by reward, adds 1e-10 inside the logarithm, and "
        "takes the likelihood of a response that the data name",
    },
    collisions=("Preference Orchestrator (arXiv:2511.10656), an adapter over reward models, is also called PRO.",),
)
