"""TPO on triples: CPO's preference term on the second and last response, and the likelihood of the best one.

Saeidi et al. 2024, arXiv:2405.16681. No reference model:

    loss = -log sigmoid(beta (lp_w - lp_l)) + alpha NLL(gold),  lp = summed log-probability

The likelihood is averaged over all gold tokens of the step, as in TRL 1.16.0, trl/experimental/tpo/tpo_trainer.py. The
authors' code (sahsaeedi/triple-preference-optimization at 6b98466, utils/tpo_trainer.py) also has the hinge. The
length-normalised form with a margin, TPO-L, is `tpo_triple_l`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Family, Method, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, each_of

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TPO on triples."""

    beta: float = 0.01
    """Reward per nat of summed log-probability, > 0; 0.01 is TRL's and the authors' table, their first script has 0.1
    to 0.2."""
    alpha: float = 1.0
    """Weight of the gold responses' negative log-likelihood per token of the step, >= 0; 1 is TRL's and the authors'
    for base models, 0.05 theirs for instruct models."""
    loss_type: Literal["sigmoid", "hinge"] = "sigmoid"
    """Logistic preference term of the paper, or the hinge at 1 of the authors' code."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")
        require_one_of(self, "loss_type", "sigmoid", "hinge")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 3] beta * summed log-probability."""
    return hyper.beta * scores.policy.sum()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] preference loss, and [B] weighted likelihood of the gold response per gold token of the step."""
    _, chosen, rejected = each_of(reward(scores, hyper), 3)
    margin = chosen - rejected
    preference = F.relu(1 - margin) if hyper.loss_type == "hinge" else -F.logsigmoid(margin)
    nll = -scores.policy.sum()[:, 0]
    return {"preference": Term(preference), "sft": Term(hyper.alpha * nll, Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="tpo_triple",
    paper=Paper(
        "Saeidi et al.",
        2024,
        arxiv="2405.16681",
        title="Triple Preference Optimization: Achieving Better Alignment using a Single Step Optimization",
        note="Checked against TRL 1.16.0, trl/experimental/tpo, and the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ANY,
    roles=("gold", "chosen", "rejected"),
    variants={"default": {}, "hinge": {"loss_type": "hinge"}},
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid( beta (lp_w - lp_l) ) + alpha NLL_gold\n"
        "NLL_gold = -sum of lp_gold over the step / number of gold tokens in the step"
    ),
    differs={
        "TRL 1.16.0, loss types sigmoid and hinge": "the same",
        "the authors' first script": "beta 0.2, alpha 0.9",
    },
    collisions=(
        "TPO of arXiv:2410.12854 is on trees: `tpo_tree`.",
        "TPO of arXiv:2412.19326, task preference optimisation, is for vision models.",
        "TPO of arXiv:2509.25771 swaps captions: `tpo_text_twin`.",
    ),
)
