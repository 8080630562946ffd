"""TPO-L: SimPO's preference term on the second and last response, and the likelihood of the best one.

Saeidi et al. 2024, arXiv:2405.16681, the length-normalised form with a margin. No reference model:

    loss = -log sigmoid(beta (mean_w - mean_l) - gamma) + alpha NLL(gold),  mean = log-probability per token

The likelihood is averaged over all gold tokens of the step. TRL 1.16.0, trl/experimental/tpo/tpo_trainer.py, writes
beta (mean_w - mean_l - gamma / beta), which is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Family, Method, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, each_of

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TPO-L."""

    beta: float = 0.01
    """Reward per nat per token, > 0; 0.01 is TRL's default and the authors' for Llama-3 base, 2 to 10 theirs for
    others."""
    gamma: float = 0.5
    """Margin of the rewards, >= 0; 0.5 is TRL's default and the authors' for 5,000 pairs, 0.3 to 10 theirs for
    others."""
    alpha: float = 1.0
    """Weight of the gold responses' negative log-likelihood per token of the step, >= 0; 1 is TRL's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "gamma", "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 3] beta * mean log-probability."""
    return hyper.beta * scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] preference loss, and [B] weighted likelihood of the gold response per gold token of the step."""
    _, chosen, rejected = each_of(reward(scores, hyper), 3)
    preference = -F.logsigmoid(chosen - rejected - hyper.gamma)
    nll = -scores.policy.sum()[:, 0]
    return {"preference": Term(preference), "sft": Term(hyper.alpha * nll, Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="tpo_triple_l",
    paper=Paper(
        "Saeidi et al.",
        2024,
        arxiv="2405.16681",
        title="Triple Preference Optimization: Achieving Better Alignment using a Single Step Optimization",
        note="Form TPO-L; checked against TRL 1.16.0, trl/experimental/tpo, loss type tpo-l.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ANY,
    roles=("gold", "chosen", "rejected"),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid( beta (mean_w - mean_l) - gamma ) + alpha NLL_gold\n"
        "NLL_gold = -sum of lp_gold over the step / number of gold tokens in the step"
    ),
    differs={"TRL 1.16.0, loss type tpo-l": "the same"},
)
