"""BideDPO in text: two pairs of one prompt, one for each of two aspects, weighed by their running losses.

A twin of Zhou et al. 2025, arXiv:2511.19268, where one pair of images differs in the match with a text and another in
the match with a condition. Here the aspects are any two, such as helpfulness and format:

    loss = a_1 DPO(y_w, y_l) + a_2 DPO(z_w, z_l),  a_k = share of aspect k in the sum of the running losses

The weights have no gradient; the aspect that is worse learnt weighs more. Never a reproduction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Carried, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, each_of, log_ratio

if TYPE_CHECKING:
    from torch import Tensor

ASPECTS = ("first", "second")


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the text form of BideDPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    decay: float = 0.9
    """Share of a running loss that stays in each step, in [0, 1); 0.9 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "decay", "[0, 1)")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 4] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def losses(scores: Scores, hyper: Hyper) -> tuple[Tensor, Tensor]:
    """[B] DPO of the pair of each aspect."""
    chosen, rejected, other_chosen, other_rejected = each_of(reward(scores, hyper), 4)
    return -F.logsigmoid(chosen - rejected), -F.logsigmoid(other_chosen - other_rejected)


def start(hyper: Hyper) -> Mapping[str, float]:
    """Running loss of each aspect: that of a policy equal to its reference."""
    return dict.fromkeys(ASPECTS, math.log(2.0))


def advance(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """The same with the step's mean losses."""
    step = zip(ASPECTS, losses(scores, hyper), strict=True)
    return {name: hyper.decay * scores.carried(name) + (1 - hyper.decay) * values.mean() for name, values in step}


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] weighted DPO of each aspect."""
    running = [scores.carried(name) for name in ASPECTS]
    total = (running[0] + running[1]).clamp(min=1e-12)
    parts = zip(ASPECTS, running, losses(scores, hyper), strict=True)
    return {name: Term(weight / total * values) for name, weight, values in parts}


METHOD = Method(
    name="bidedpo_twin",
    paper=Paper(
        "Zhou et al.",
        2025,
        arxiv="2511.19268",
        title="BideDPO: Conditional Image Generation with Simultaneous Text and Condition Alignment",
        note="A text form; the loss as another paper describes it.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    candidates=Candidates.ANY,
    roles=("chosen", "rejected", "aspect_chosen", "aspect_rejected"),
    carried=Carried(start=start, advance=advance),
    family=Family.PAIRWISE,
    equation=(
        "loss = sum_k a_k (-log sigmoid( beta (rho_w,k - rho_l,k) ))\n"
        "a_k = running loss of aspect k / sum of both, no gradient"
    ),
    open_question="How the published weights follow from the current losses was not read; shares are ours.",
    twin_of="Pairs of images for the match with a text and with a condition; here pairs of responses for two aspects.",
)
