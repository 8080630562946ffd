"""TR-DPO: DPO against a reference that follows the policy.

Gorbatovski et al. 2024, arXiv:2404.09656, soft update: every `ref_model_sync_steps` steps the reference becomes
alpha * policy + (1 - alpha) * reference; the hard update of the paper is alpha = 1. TRL 1.16.0 has it as a callback of
its DPOTrainer (`sync_ref_model`), with the same names and defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TR-DPO."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""
    ref_model_mixup_alpha: float = 0.6
    """Share of the policy's weights in the reference after an update, in (0, 1]; 0.6 is the paper's and TRL's."""
    ref_model_sync_steps: int = 512
    """Optimizer steps between updates, >= 1; 512 is TRL's default."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "ref_model_mixup_alpha", "(0, 1]")
        require_within(self, "ref_model_sync_steps", "[1, inf)", what="whole number")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference as it is at this step."""
    return hyper.beta * (scores.policy.sum() - scores.live_reference.sum())


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="tr_dpo",
    paper=Paper(
        "Gorbatovski et al.",
        2024,
        arxiv="2404.09656",
        title="Learn Your Reference Model for Real Good Alignment",
        note="The loss is DPO's (TRL 1.16.0, loss type sigmoid); the update is TRL's sync_ref_model.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.LIVE_REFERENCE}),
    variants={"default": {}, "hard": {"ref_model_mixup_alpha": 1.0}},
    logistic=True,
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid( beta [ (lp(y_w) - lr(y_w)) - (lp(y_l) - lr(y_l)) ] )\n"
        "every tau steps: reference <- alpha policy + (1 - alpha) reference"
    ),
    differs={"TRL 1.16.0": "the same, as sync_ref_model of its DPOTrainer"},
)
