"""ODPO: DPO with an offset that grows with the gap between the two responses' scores.

Amini et al. 2024, arXiv:2402.10571; code rycolab/odpo at c4a01be, trainers.py. The data have the gap of scores, chosen
minus rejected, in the column `score_gap`; the offset is alpha times its logarithm, which no tie has, so gaps of 0 and
below are refused. The code's other offset, of the ratio of scores, is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ODPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's, the authors' is not known to us."""
    alpha: float = 1.0
    """Weight of the offset, >= 0; 0 is DPO. 1 is the authors'."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin less alpha * log of the score gap.

    Raises:
        ValueError: column 'score_gap' is not [B] or, on a processor, not above 0.
    """
    chosen, rejected = pair(reward(scores, hyper))
    gap = scores.column("score_gap").to(chosen)
    if gap.shape != chosen.shape:
        raise ValueError(
            f"column 'score_gap': expected one value per example, shape {tuple(chosen.shape)}, got {tuple(gap.shape)}"
        )
    # the data were checked before anything ran; a card would have to be waited for
    if gap.device.type == "cpu" and not (gap > 0).all():
        raise ValueError(f"column 'score_gap': expected numbers above 0, got {gap.min().item()}")
    return -F.logsigmoid(chosen - rejected - hyper.alpha * gap.log())


METHOD = Method(
    name="odpo",
    paper=Paper(
        "Amini et al.",
        2024,
        arxiv="2402.10571",
        title="Direct Preference Optimization with an Offset",
        note="Form of rycolab/odpo at c4a01be; checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("score_gap", low=1e-6),),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (r_w - r_l) - alpha log(score_w - score_l))\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={
        "rycolab/odpo at c4a01be": "the same; it also offers log(score_w / score_l) as offset",
        "oxRL at 2a2bd5d, odpo.py": "a constant offset of 1, which is DPO with a margin and not ODPO",
    },
    collisions=("ODPO is called 'online' in oxRL's taxonomy; the O is for offset.",),
)
