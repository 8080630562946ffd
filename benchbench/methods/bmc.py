"""BMC: DPO whose changed tokens weigh more, the less the policy expects them.

Jiang et al. 2024, arXiv:2408.07471. The chosen response is an edit of the rejected one (or of a text close to it), and

    w_t  = 1 + [t is changed] min(1 / pi(y_t), delta)          without gradient
    loss = -log sigmoid(beta (sum_t w_t rho_t over y_w - the same over y_l)),  rho_t = log-ratio of a token

The weights of the spans `unchanged` are 0 on changed tokens and 1 elsewhere, as the transform `diff_spans` makes them.
The released code weighs the reference's log-probabilities by the reference's own probabilities: variant `released`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Logps, Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of BMC."""

    beta: float = 0.1
    """Reward per nat of weighted log-ratio, > 0; 0.1 is the authors' code's."""
    delta: float = 2.0
    """Largest extra weight of a changed token, >= 0; 2 is the authors' code's, 0 is DPO."""
    reference_weights: Literal["shared", "own"] = "shared"
    """Weights of the reference's tokens: one of shared (the policy's, the default
    here) and own (by its own probabilities, as the authors' code does)."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "delta")
        require_one_of(self, "reference_weights", "shared", "own")


def weights(logps: Logps, changed: Tensor, delta: float) -> Tensor:
    """[B, K, T] weight of each token, without gradient."""
    return 1 + changed * (-logps.token.detach()).exp().clamp(max=delta)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * weighted log-ratio to the reference."""
    changed = (1 - scores.token_weights("unchanged")) * scores.policy.response
    of_policy = weights(scores.policy, changed, hyper.delta)
    shared = hyper.reference_weights == "shared"
    of_reference = of_policy if shared else weights(scores.reference, changed, hyper.delta)
    return hyper.beta * (of_policy * scores.policy.token - of_reference * scores.reference.token).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the margin of weighted rewards."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="bmc",
    paper=Paper(
        "Jiang et al.",
        2024,
        arxiv="2408.07471",
        title="Bridging and Modeling Correlations in Pairwise Data for Direct Preference Optimization",
        note="Checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    token_weights=("unchanged",),
    monotone_in_chosen=False,
    monotone_reason="The likelier a changed token, the less it weighs, and with it the log-ratio that it had won.",
    variants={"default": {}, "released": {"reference_weights": "own"}},
    family=Family.TOKEN_LEVEL,
    equation=(
        "w_t = 1 + [t changed] min(1 / pi(y_t), delta), no gradient\n"
        "loss = -log sigmoid( beta (sum_t w_t rho_w,t - sum_t w_t rho_l,t) )"
    ),
    differs={
        "the authors' code": "the reference's tokens weigh by its own probabilities, variant `released`; stop words "
        "that change alone are no change",
    },
)
