"""DiscoPOP: a mixture of logistic and exponential loss that a language model proposed, gated by the margin itself.

Lu et al. 2024, arXiv:2406.08414, eq. 5 (log-ratio modulated loss), on summed log-probabilities; run against TRL 1.16.0,
loss type `discopop` (tests/conformance). Two forms are public: the gate is sigmoid(beta h / tau) in the paper and TRL,
and sigmoid(h), whatever beta, in the authors' released code. They agree where beta = tau, as in the paper's runs;
variants `trl` and `released` are the two at TRL's default beta of 0.1. The gate is computed as a logarithm, so that a
very wrong pair does not become infinity times zero; a tau above 1, with which its loss would grow exponentially, is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DiscoPOP."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's, 0.1 TRL's default."""
    tau: float = 0.05
    """Temperature of the gate, in (0, 1]; 0.05 is the paper's and TRL's. Not read by gate `unscaled`."""
    gate: Literal["scaled", "unscaled"] = "scaled"
    """Gate on beta times the margin over tau (the paper, TRL), or on the margin in nats (released code)."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "tau", "(0, 1]")
        require_one_of(self, "gate", "scaled", "unscaled")
        if self.gate == "unscaled" and (self.beta > 1 or self.tau != Hyper.tau):
            raise ValueError(
                f"gate: expected scaled with beta {self.beta} and tau {self.tau}, got {self.gate!r}; "
                "unscaled has no tau and wants a beta of at most 1"
            )


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] logistic loss where the margin is negative, exponential where it is positive, mixed by the gate."""
    chosen, rejected = pair(log_ratio(scores))
    margin = chosen - rejected
    logits = hyper.beta * margin
    modulation = logits / hyper.tau if hyper.gate == "scaled" else margin
    exponential = (F.logsigmoid(modulation) - logits).exp()
    return F.sigmoid(-modulation) * -F.logsigmoid(logits) + exponential


METHOD = Method(
    name="discopop",
    paper=Paper(
        "Lu et al.",
        2024,
        arxiv="2406.08414",
        equation="5",
        title="Discovering Preference Optimization Algorithms with and for Large Language Models",
        note="Checked against TRL 1.16.0, loss type discopop; variant released has the gate of the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The mixture is not convex: just above a margin of 0 the loss rises with it.",
    variants={"default": {}, "trl": {"beta": 0.1}, "released": {"beta": 0.1, "gate": "unscaled"}},
    family=Family.PAIRWISE,
    equation=(
        "loss = (1 - g) * -log sigmoid(z) + g * exp(-z),  z = beta (r_w - r_l)\n"
        "g = sigmoid(z / tau); variant released: g = sigmoid(r_w - r_l)\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={
        "TRL 1.16.0 `discopop`": "the same at its beta; its default beta is 0.1 (variant `trl`), not the paper's 0.05",
        "the authors' code": "the gate is not scaled (variant `released`), equal to this where beta = tau",
    },
)
