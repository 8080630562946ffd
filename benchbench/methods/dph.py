"""DPH: a reward head on the policy, trained on the pair, while the policy stays a language model of the chosen one.

Hadji-Kyriacou and Arandjelovic 2024, arXiv:2405.20053 (direct preference heads). With r the head's number,

    separable:   -[(1-e) ls(r_w) + e ls(-r_w)] - [(1-e) ls(-r_l) + e ls(r_l)]
    contrastive: -(1-e) ls(r_w - r_l) - e ls(r_l - r_w),          ls = log sigmoid

and the likelihood of the chosen response is added. The reward serves to choose among samples, not to train against. The
head's losses were compared with the authors' training code, Avelina9X/memory-transformer-pt4 at 084e0c2, losses.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Head, Method, Over, Paper, Term
from benchbench.core.ranges import require_at_least_zero, require_one_of, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DPH."""

    head_loss: Literal["separable", "contrastive"] = "separable"
    """One of separable (each response by itself) and contrastive (their difference), both of the authors' code, the
    first by default."""
    label_smoothing: float = 0.1
    """Assumed share of flipped labels, in [0, 0.5); 0.1 is ours, the paper's was not seen."""
    sft_weight: float = 1.0
    """Weight of the chosen responses' negative log-likelihood per token of the step, >= 0; 1 is ours."""

    def __post_init__(self) -> None:
        require_one_of(self, "head_loss", "separable", "contrastive")
        require_within(self, "label_smoothing", "[0, 0.5)")
        require_at_least_zero(self, "sft_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] the head's number for each response."""
    return scores.head[..., 0].to(scores.policy.token)


def smoothed(logit: Tensor, share: float) -> Tensor:
    """Logistic loss of a logit that should be positive, with a share of flipped labels."""
    return -(1 - share) * F.logsigmoid(logit) - share * F.logsigmoid(-logit)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] the head's loss, and [B] weighted likelihood of the chosen response per token of the step."""
    chosen, rejected = pair(reward(scores, hyper))
    if hyper.head_loss == "separable":
        head = smoothed(chosen, hyper.label_smoothing) + smoothed(-rejected, hyper.label_smoothing)
    else:
        head = smoothed(chosen - rejected, hyper.label_smoothing)
    nll = -scores.policy.sum()[:, 0]
    return {"head": Term(head), "sft": Term(hyper.sft_weight * nll, Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="dph",
    paper=Paper(
        "Hadji-Kyriacou and Arandjelovic",
        2024,
        arxiv="2405.20053",
        title="Would I Lie To You? Inference Time Alignment of Language Models using Direct Preference Heads",
        note="The head's losses compared with Avelina9X/memory-transformer-pt4 at 084e0c2, losses.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    head=Head(outputs=lambda hyper: 1, place="response"),
    variants={"default": {}, "contrastive": {"head_loss": "contrastive"}},
    family=Family.PAIRWISE,
    equation=(
        "separable:   -(1-e) ls(r_w) - e ls(-r_w) - (1-e) ls(-r_l) - e ls(r_l)\n"
        "contrastive: -(1-e) ls(r_w - r_l) - e ls(r_l - r_w)\n"
        "loss = that + w NLL_w,  r = linear head on a hidden state, ls = log sigmoid"
    ),
    differs={
        "the authors' code": "reads the state at the end-of-message token, here the one that predicts it; an optional "
        "penalty on the squared numbers of the head; likelihoods averaged per response",
    },
    open_question="The values of smoothing and of the likelihood's weight in the paper were not read.",
)
