"""BCO with UDM: an undesirable response weighs as much as its prompt looks like those of desirable ones.

Jung et al. 2024, arXiv:2404.04656 (underlying distribution matching). Where desirable and undesirable responses answer
other prompts, the undesirable term of `bco` is weighted by a density ratio of the prompt, clamped to a range:

    w(x) = p(x) / (1 - p(x) + 1e-8)        p(x) = P(the prompt is from the desirable set)

as in TRL 1.0.0, trl/experimental/bco/bco_trainer.py. p is a logistic regression on embeddings of prompts, in which both
sets weigh alike (`inputs.prompt_class`); with equal prompts on both sides it is 1/2 everywhere, and this is `bco`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core.method import Candidates, Carried, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores
from benchbench.methods._reward_shift import advance, both_sides, reward, start

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of BCO with UDM.

    Raises:
        ValueError: a value out of its range, or a smallest weight above the largest.
    """

    beta: float = 0.01
    """Reward per nat of summed log-ratio, > 0; 0.01 is the paper's as TRL's page quotes it, TRL's default is 0.1."""
    shift: Literal["half_means", "pooled"] = "half_means"
    """One of half_means (half the sum of the two classes' mean rewards, the paper's) and pooled (of all, TRL's)."""
    min_density_ratio: float = 0.5
    """Smallest weight of an undesirable response, > 0; 0.5 is TRL's."""
    max_density_ratio: float = 10.0
    """Largest weight of an undesirable response, > 0 and at least the smallest; 10 is TRL's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "min_density_ratio", "max_density_ratio")
        require_one_of(self, "shift", "half_means", "pooled")
        if self.max_density_ratio < self.min_density_ratio:
            expected = f"at least min_density_ratio ({self.min_density_ratio:g})"
            raise ValueError(f"max_density_ratio: expected {expected}, got {self.max_density_ratio:g}")


def weight(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] density ratio of each prompt, desirable over undesirable, clamped."""
    share = scores.prompt_class
    return (share / (1 - share + 1e-8)).clamp(hyper.min_density_ratio, hyper.max_density_ratio)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] binary cross-entropy of the shifted reward, its undesirable side weighted.

    Raises:
        ValueError: K is not 1; each response has a label of its own.
    """
    desirable, undesirable = both_sides(scores, hyper)
    return desirable + weight(scores, hyper) * undesirable


METHOD = Method(
    name="bco_udm",
    paper=Paper(
        "Jung et al.",
        2024,
        arxiv="2404.04656",
        title="Binary Classifier Optimization for Large Language Model Alignment",
        note="Weights checked against TRL 1.0.0, bco_trainer.py; the penalty of the classifier is ours.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PROMPT_CLASS}),
    columns=(Column.LABEL,),
    candidates=Candidates.LABELLED,
    carried=Carried(start=start, advance=advance),
    monotone_in_chosen=False,
    monotone_reason="An undesirable response costs more the more likely it is.",
    variants={"default": {}, "pooled": {"shift": "pooled"}},
    family=Family.POINTWISE,
    equation=(
        "r = beta (lp(y) - lr(y))\n"
        "delta = (mean of desirable r + mean of undesirable r) / 2\n"
        "w = p(desirable | x) / p(undesirable | x), clamped\n"
        "desirable:   -log sigmoid(r - delta)\n"
        "undesirable: -w log sigmoid(delta - r)"
    ),
    differs={
        "the paper": "adds the means of the two classes; here, as in TRL, one mean over all responses",
        "TRL 1.0.0": "variant `pooled`; fits its classifier on 1,024 sampled prompts, here on all, on the reference's "
        "mean last hidden states, standardised",
    },
)
