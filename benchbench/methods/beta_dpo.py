"""BetaDPO: DPO with one beta for each step, larger where the step's mean margin is above the running one.

Wu et al. 2024, arXiv:2407.08639; code junkangwu/beta-DPO at 6f3abb8, trainers.py. With h a pair's margin of summed
log-ratios, its mean over the step, and M its running mean, the step's beta is beta (1 + a (mean h - M)), at least
0.001, without gradient. M starts at 0 and takes a tenth of each step in before its loss reads it, as in the code. The
code also leaves out a random share of the pairs of each step, fewest of those near M; this form leaves out none
(its mode_weight 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Carried, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor

DECAY = 0.9
"""What a step leaves of the running mean; the authors' code's."""
LEAST_BETA = 1e-3
"""Of a step; the authors' code's."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of BetaDPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio where the step's mean margin is the running one, > 0; 0.1 is the example of
    the authors' code."""
    scaling: float = 0.6
    """Share of beta by which a nat of mean margin beyond the running one raises it, >= 0: 0 is DPO; 0.6 is the
    example of the authors' code, a there."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "scaling")


def margins(scores: Scores) -> Tensor:
    """[B] margin of summed log-ratios, nats."""
    chosen, rejected = pair(log_ratio(scores))
    return chosen - rejected


def advance(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """The running mean of the margin with the step's."""
    return {"gap_mean": DECAY * scores.carried("gap_mean") + (1 - DECAY) * margins(scores).mean()}


def beta_of_step(scores: Scores, hyper: Hyper) -> Tensor:
    """[] beta of all pairs of the step, without gradient."""
    beyond = margins(scores).detach().mean() - scores.carried("gap_mean")
    return (hyper.beta * (1 + hyper.scaling * beyond)).clamp(min=LEAST_BETA)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] the fixed beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the step's beta times the margin."""
    return -F.logsigmoid(beta_of_step(scores, hyper) * margins(scores))


METHOD = Method(
    name="beta_dpo",
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2407.08639",
        title="beta-DPO: Direct Preference Optimization with Dynamic beta",
        note="Without the filter; checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    coupled=True,
    carried=Carried(start=lambda hyper: {"gap_mean": 0.0}, advance=advance),
    least_examples=2,
    monotone_in_chosen=False,
    monotone_reason="Where the margin is negative a larger beta costs more; it has no gradient.",
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid( b h ), h = rho_w - rho_l\n"
        "rho = log pi(y|x) - log ref(y|x), summed\n"
        "b = max( beta (1 + a (mean of h in the step - M)), 0.001 ), without gradient\n"
        "M: running mean of h"
    ),
    differs={
        "junkangwu/beta-DPO 6f3abb8": "drops a random share of the pairs of a step; this is its mode_weight 0",
        "the paper": "its running mean is of beta times the margin, as we recall; the code's has no beta",
        "oxRL 2a2bd5d": "a beta for each pair, with its gradient",
    },
)
