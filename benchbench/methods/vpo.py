"""VPO: DPO and a term that makes calibration samples less likely (optimism, online) or likelier (pessimism, offline).

Cen et al. 2024, arXiv:2405.19320, as it is known from memory and from what reviewers say of it: DPO with a KL-like term
whose sign decides between online and offline. The term is the mean log-ratio of samples of a calibration policy. The
column `from_calibration` has the weight in that mean of each response of the pair: 1 for those that the calibration
policy drew. Online, with the reference as calibration, this is XPO at alpha beta; offline, with the data's policy, it
is a likelihood term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, pair, weighted_mean

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of VPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 0.01
    """Weight of the calibration term, times beta, >= 0; 0 is DPO, 0.01 is ours."""
    regime: Literal["optimistic", "pessimistic"] = "optimistic"
    """Whether calibration samples get less likely (`optimistic`, for fresh pairs) or likelier (`pessimistic`, for
    pairs of the data); the paper has both, the default is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")
        require_one_of(self, "regime", "optimistic", "pessimistic")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO loss, and [B] alpha times the mean reward of the calibration samples, with the sign."""
    rewards = reward(scores, hyper)
    chosen, rejected = pair(rewards)
    sign = 1.0 if hyper.regime == "optimistic" else -1.0
    calibration = sign * hyper.alpha * weighted_mean(rewards, scores.column("from_calibration"))
    return {"preference": Term(-F.logsigmoid(chosen - rejected)), "calibration": Term(calibration)}


METHOD = Method(
    name="vpo",
    paper=Paper(
        "Cen et al.",
        2024,
        arxiv="2405.19320",
        title="Value-Incentivized Preference Optimization: A Unified Approach to Online and Offline RLHF",
        note="The form is from memory; reviewers confirm DPO, a KL-like term and a sign.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("from_calibration", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="With optimism a chosen response of the calibration policy costs more the likelier it is.",
    variants={"default": {}, "pessimistic": {"regime": "pessimistic"}},
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h) + alpha beta mean over y_cal of l(y_cal)   optimistic\n"
        "                         - ...                                      pessimistic\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={"`xpo` here": "the same gradient where the reference is the calibration policy and alpha is alpha / beta"},
    open_question="The form is from memory and the constants are ours; the paper was not read.",
)
