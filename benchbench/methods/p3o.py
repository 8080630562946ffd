"""P3O: a policy gradient on the difference of two responses' rewards, with importance ratios that are clipped.

Wu et al. 2023, arXiv:2310.00212. Both responses are plain samples of the policy that the round starts from, and a
response's reward loses beta times its log-ratio to the reference there. What is added to both rewards of a prompt
changes nothing. The ratio of a response to that policy is clipped as in PPO, on its own (`separate`, V1 in the paper),
or the log of the two ratios' quotient is (`joint`, V2). How exactly is from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_at_least_zero, require_one_of, require_within
from benchbench.core.scores import Scores, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of P3O."""

    beta: float = 0.1
    """Reward lost per nat of the drawing policy's log-ratio to the reference, >= 0; 0.1 is ours."""
    epsilon: float = 0.2
    """Half-width of the clip, in (0, 1): of a ratio around 1, or of the log of the quotient around 0; 0.2 is that of
    PPO's paper."""
    clip: Literal["joint", "separate"] = "joint"
    """What is clipped: the log of the two ratios' quotient (`joint`, V2 in the paper, and the default here)
    or each ratio (`separate`, V1)."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "beta")
        require_within(self, "epsilon", "(0, 1)")
        require_one_of(self, "clip", "joint", "separate")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] the reward that is given, less beta * log-ratio of the drawing policy to the reference, summed."""
    drawn = scores.previous.sum() - scores.reference.sum()
    return scores.reward.to(drawn) - hyper.beta * drawn


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] half the clipped surrogate of the reward difference; a ratio is held at exp(40), beyond any clip."""
    first, second = pair(reward(scores, hyper))
    gain = (first - second).detach()
    exponents = F.held_exponent(2 * previous_log_ratio(scores)) / 2  # so that the product of two ratios is finite
    one_side, other_side = pair(exponents)
    if hyper.clip == "joint":
        quotient = one_side - other_side
        surrogate = _clipped(gain, quotient, -hyper.epsilon, hyper.epsilon)
        return -0.5 * (one_side + other_side).exp().detach() * surrogate
    ratio, other_ratio = one_side.exp(), other_side.exp()
    low, high = 1 - hyper.epsilon, 1 + hyper.epsilon
    surrogate = other_ratio.detach() * _clipped(gain, ratio, low, high)
    return -0.5 * (surrogate + ratio.detach() * _clipped(-gain, other_ratio, low, high))


def _clipped(gain: Tensor, value: Tensor, low: float, high: float) -> Tensor:
    """[B] the smaller of gain times the value and gain times the clipped value."""
    return (gain * value).minimum(gain * value.clamp(low, high))


METHOD = Method(
    name="p3o",
    paper=Paper(
        "Wu et al.",
        2023,
        arxiv="2310.00212",
        title="Pairwise Proximal Policy Optimization: Harnessing Relative Feedback for LLM Alignment",
        note="The unclipped gradient is a third party's account of the paper, the clips are from memory.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PREVIOUS, Need.REWARD}),
    monotone_in_chosen=False,
    monotone_reason="Where the first response has the lower reward, it costs more the likelier it is.",
    on_policy=True,
    variants={"default": {}, "v1": {"clip": "separate"}},
    family=Family.PAIRWISE,
    equation=(
        "joint:    L = -1/2 sg[w_1 w_2] min(A d, A clip(d, -e, e)), d = log w_1 - log w_2\n"
        "separate: L = -1/2 (sg[w_2] c(A, w_1) + sg[w_1] c(-A, w_2))\n"
        "          c(A, w) = min(A w, A clip(w, 1-e, 1+e))\n"
        "A = r_1 - r_2, r = reward - beta log(previous / ref), w = pi / previous"
    ),
    open_question="How the ratios are clipped is from memory, and beta and epsilon are not the authors'.",
)
