"""RRHF: a hinge on every wrongly ordered pair of K candidates, and the likelihood of the best.

Yuan et al. 2023, arXiv:2304.05302. With p_i the log-probability of candidate i over its length to the power of
`length_penalty`, and no reference,

    loss = rrhf_weight * sum_{r_i < r_j} max(0, p_i - p_j) + NLL(best)

Checked against GanjinZero/RRHF at 026adca, train.py, but for the likelihood term: the released one averages over the
whole padded row, prompt and padding counted as zeros, and within a batch it takes the rows of the first prompt alone.
Ours is the mean over the best response's tokens, or their sum. Equal rewards make no pair, and the first of several
best is the best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.lists import differences, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_at_least_zero, require_one_of
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of RRHF."""

    rrhf_weight: float = 100.0
    """Weight of the hinge beside the likelihood, >= 0; 100 is the default of the released train.py."""
    length_penalty: float = 1.0
    """Power of the length by which a summed log-probability is divided, >= 0; 1 in the released train.py."""
    sft_reduction: Literal["mean", "sum"] = "mean"
    """`mean` over the best response's tokens, which is ours, or their `sum`."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "rrhf_weight", "length_penalty")
        require_one_of(self, "sft_reduction", "mean", "sum")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] log-probability over length to the power of `length_penalty`."""
    return scores.policy.sum() / scores.policy.length() ** hyper.length_penalty


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Terms [B]: `ranking`, the weighted hinges of a list, and `sft`, the best candidate's negative log-likelihood.

    Raises:
        ValueError: K is 1; there is nothing to rank.
    """
    above = F.relu(differences(several(reward(scores, hyper))))  # [B, K, K] how far i stands above j
    wrong = differences(scores.reward) < 0
    ranking = (above * wrong).sum(dim=(-2, -1))
    of_all = scores.policy.mean() if hyper.sft_reduction == "mean" else scores.policy.sum()
    best = scores.reward.argmax(dim=-1, keepdim=True)
    return {"ranking": Term(hyper.rrhf_weight * ranking), "sft": Term(-of_all.gather(-1, best)[..., 0])}


METHOD = Method(
    name="rrhf",
    paper=Paper(
        "Yuan et al.",
        2023,
        arxiv="2304.05302",
        title="RRHF: Rank Responses to Align Language Models with Human Feedback without tears",
        note="Hinge and defaults checked against GanjinZero/RRHF at 026adca, train.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The rewards say which candidate is the better one, and the first need not be.",
    variants={"default": {}, "sft_sum": {"sft_reduction": "sum"}},
    family=Family.LISTWISE,
    equation=(
        "p_i = log pi(y_i) / |y_i|^length_penalty\nloss = rrhf_weight sum_{r_i < r_j} max(0, p_i - p_j) + NLL(best)"
    ),
    differs={
        "GanjinZero/RRHF 026adca": "NLL is a mean over the padded row, prompt and padding counted as zeros, and in a "
        "batch of the first prompt's rows alone",
    },
    open_question="The paper's reduction of the likelihood term was not verified; the mean over tokens is ours.",
)
