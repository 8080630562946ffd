"""CPO: the preference term of DPO without a reference, plus the likelihood of the chosen response.

Xu et al. 2024, arXiv:2401.08417, eq. 3 (preference term) plus the likelihood term, on summed log-probabilities. The
likelihood term is averaged over all chosen response tokens of the step, as in TRL's CPOTrainer
(trl/experimental/cpo/cpo_trainer.py, run against TRL 1.16.0 in tests/conformance); the paper writes a sum per response.
TRL's label smoothing and its squared (`ipo`) preference term are not in the paper and not offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of CPO."""

    beta: float = 0.1
    """Reward per nat of summed log-probability, > 0; 0.1 is the paper's (ALMA) and TRL's."""
    sft_weight: float = 1.0
    """Weight of the chosen responses' negative log-likelihood per token of the step, >= 0; `cpo_alpha` in TRL, where 1
    is the default, and 1 in the paper."""
    loss_type: Literal["sigmoid", "hinge"] = "sigmoid"
    """Logistic preference term of the paper, or the hinge at 1 that TRL offers."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "sft_weight")
        require_one_of(self, "loss_type", "sigmoid", "hinge")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-probability."""
    return hyper.beta * scores.policy.sum()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] preference loss, and [B] weighted likelihood of the chosen response per token of the step."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    preference = F.relu(1 - margin) if hyper.loss_type == "hinge" else -F.logsigmoid(margin)
    nll = -scores.policy.sum()[:, 0]
    return {"preference": Term(preference), "sft": Term(hyper.sft_weight * nll, Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="cpo",
    paper=Paper(
        "Xu et al.",
        2024,
        arxiv="2401.08417",
        equation="3",
        title="Contrastive Preference Optimization: Pushing the Boundaries of LLM Performance in Machine Translation",
        note="Checked against TRL 1.16.0, CPOTrainer, loss types sigmoid and hinge.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    variants={"default": {}, "hinge": {"loss_type": "hinge"}},
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (lp_w - lp_l)) + w * NLL_w,  lp = summed log pi(y)\n"
        "NLL_w = -sum of lp_w over the step / number of chosen tokens in the step"
    ),
    differs={
        "TRL 1.16.0 CPOTrainer, `sigmoid` and `hinge`": "the same at w = cpo_alpha, without its label smoothing",
        "the paper": "the likelihood term is a sum over the response, not a mean over the step's tokens",
    },
    collisions=("CPO of arXiv:2406.09136, chain of preference optimisation, is DPO on steps of a tree of thought.",),
)
