"""BCO: a binary classifier of desirable and undesirable responses whose reward is shifted by its own running mean.

Jung et al. 2024, arXiv:2404.04656. With r = beta * summed log-ratio to the reference and delta the running mean of the
rewards, which takes the step in before its loss reads it and has no gradient:

    desirable: -log sigmoid(r - delta)        undesirable: -log sigmoid(-(r - delta))

The means weigh every reward seen so far alike, as in TRL 1.0.0, trl/experimental/bco/bco_trainer.py. The paper's
weights of undesirable prompts (UDM) are method bco_udm.
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
    """Hyper-parameters of BCO."""

    beta: float = 0.01
    """Reward per nat of summed log-ratio, > 0; 0.01 is the paper's as TRL's page quotes it, TRL's default is 0.1."""
    shift: Literal["half_means", "pooled"] = "half_means"
    """One of half_means (half the sum of the two classes' mean rewards, the paper's) and pooled (of all, TRL's)."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "shift", "half_means", "pooled")


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] binary cross-entropy of the shifted reward.

    Raises:
        ValueError: K is not 1; each response has a label of its own.
    """
    desirable, undesirable = both_sides(scores, hyper)
    return desirable + undesirable


METHOD = Method(
    name="bco",
    paper=Paper(
        "Jung et al.",
        2024,
        arxiv="2404.04656",
        title="Binary Classifier Optimization for Large Language Model Alignment",
        note="Checked against TRL 1.0.0, trl/experimental/bco/bco_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
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
        "desirable:   -log sigmoid(r - delta)\n"
        "undesirable: -log sigmoid(delta - r)"
    ),
    differs={
        "the paper": "adds the means of the two classes; here, as in TRL, one mean over all responses, half of that "
        "sum where both classes are as large; weights undesirable responses where prompts differ: `bco_udm`",
        "TRL 1.0.0": "variant `pooled`; has UDM, too",
        "TRL 1.16.0": "bco_pair has no shift: `bco_noshift`",
    },
)
