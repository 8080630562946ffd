"""MRPO: DPO against a mixture of several references.

Le et al. 2024, arXiv:2405.16388. The references are the recipe's own, which counts as the first, and all of
preference.anchors; the mixture of their probabilities p_c of a response is 1 / sum_c alpha_c / p_c. Each further one is
first clipped: its summed log-probability may differ from the first one's by a share epsilon_i of it, epsilon split
between the two responses by the size of the two references' mean log-probability. The weights are fixed, or adaptive: a
reference that sets the two responses further apart weighs more. Checked against the authors' code for two references;
more than two are the same formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of MRPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    epsilon: float = 0.1
    """Share of the first reference's log-probability by which another may differ, >= 0: 0 clips nothing; 0.1 is ours,
    the authors' was not found."""
    weighting: Literal["adaptive", "fixed"] = "adaptive"
    """One of adaptive (by how far a reference sets the responses apart) and fixed (by alpha); both are the authors'."""
    alpha: float = 0.5
    """Weight of the first reference where weights are fixed, in [0, 1]; the others share the rest; 0.5 is ours."""
    swapped: bool = False
    """Give each reference the weight of the others, as the authors' code does with two."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "epsilon")
        require_one_of(self, "weighting", "adaptive", "fixed")
        require_within(self, "alpha", "[0, 1]")
        if self.weighting == "adaptive" and self.alpha != 0.5:
            raise ValueError(f"alpha: expected 0.5 with weighting adaptive, got {self.alpha}")


def references(scores: Scores, hyper: Hyper) -> Tensor:
    """[C, B, K] summed log-probability under each reference, the first one's own and the others clipped."""
    import torch

    first = scores.reference.sum()
    others = torch.stack([logps.sum() for logps in scores.anchors.values()])
    if hyper.epsilon > 0:
        size = ((first + others) / 2).abs()  # [C - 1, B, K]
        share = hyper.epsilon * size / size.sum(dim=-1, keepdim=True).clamp(min=1e-12)
        others = others.maximum(first * (1 + share)).minimum(first * (1 - share))  # log-probabilities are negative
    return torch.cat([first[None], others])


def weights(sums: Tensor, hyper: Hyper) -> Tensor:
    """[C, B] weights of the references, which sum to 1."""
    count, examples, _ = sums.shape
    if hyper.weighting == "fixed":
        shares = sums.new_full((count, examples), (1 - hyper.alpha) / (count - 1))
        shares[0] = hyper.alpha
    else:
        chosen, rejected = pair(sums)
        apart = (chosen - rejected).abs()
        total = apart.sum(dim=0)
        shares = (apart / total.clamp(min=1e-12)).where(total > 0, 1 / count)
    return (1 - shares) / (count - 1) if hyper.swapped else shares


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the mixture."""
    sums = references(scores, hyper)
    mixture = -(weights(sums, hyper).log()[..., None] - sums).logsumexp(dim=0)
    return hyper.beta * (scores.policy.sum() - mixture)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="mrpo",
    paper=Paper(
        "Le et al.",
        2024,
        arxiv="2405.16388",
        title="Multi-Reference Preference Optimization for Large Language Models",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.ANCHORS.with_options(names="any")}),
    variants={"default": {}, "fixed": {"weighting": "fixed"}, "swapped": {"swapped": True}},
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid( beta [ lp(y_w) - m(y_w) - lp(y_l) + m(y_l) ] )\n"
        "m(y) = -log sum_c alpha_c / p_c(y), c: references, others than the first clipped"
    ),
    differs={"the authors' code": "each of two references has the other's weight, variant `swapped`"},
)
