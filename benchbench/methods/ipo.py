"""IPO: squared error between the log-ratio margin and a target, so that the margin stays bounded.

Azar et al. 2023, arXiv:2310.12036, eq. 17. One name, two losses:

- `mean`, the default here: each log-ratio is divided by its own number of response tokens. That is what TRL (at f2cd577
  and 1.16.0, run against it in tests/conformance) and HALOs compute; TRL's comment says that the authors confirmed it.
- `sum`: eq. 17 as printed, and what OpenRLHF computes. With sums the same beta means a much nearer target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of IPO."""

    beta: float = 0.1
    """Regularisation, > 0; tau in the paper, 0.1 in TRL. The target margin is 1 / (2 beta) nats (`mean`: per token)."""
    reduction: Literal["mean", "sum"] = "mean"
    """Log-ratio per response token (`mean`, as TRL) or per response (`sum`, as printed in the paper)."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "reduction", "mean", "sum")


def reduced_log_ratio(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] log-ratio to the reference, nats per response token or per response."""
    if hyper.reduction == "mean":
        return scores.policy.mean() - scores.reference.mean()
    return log_ratio(scores)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference; the loss wants a margin of one half."""
    return hyper.beta * reduced_log_ratio(scores, hyper)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distance of the log-ratio margin from 1 / (2 beta)."""
    chosen, rejected = pair(reduced_log_ratio(scores, hyper))
    return (chosen - rejected - 1 / (2 * hyper.beta)).square()


METHOD = Method(
    name="ipo",
    paper=Paper(
        "Azar et al.",
        2023,
        arxiv="2310.12036",
        equation="17",
        title="A General Theoretical Paradigm to Understand Learning from Human Preferences",
        note="The default is the length-averaged form, checked against TRL 1.16.0; `sum` is the printed equation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to 1 / (2 beta) from both sides.",
    variants={"default": {}, "mean": {"reduction": "mean"}, "sum": {"reduction": "sum"}},
    family=Family.PAIRWISE,
    equation=("(h_w - h_l - 1/(2 beta))^2\nh = mean over y of log pi - log ref (variant sum: summed, as printed)"),
    differs={
        "TRL 1.16.0, loss type ipo; HALOs": "the same as the default, a mean per token",
        "OpenRLHF": "sums, as printed: variant sum",
    },
    collisions=(
        "Implicit Preference Optimization (arXiv:2502.16182) is called IPO too.",
        "The paper writes tau for beta; cIPO and GIPO are other losses of this shape.",
    ),
)
