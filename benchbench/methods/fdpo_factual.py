"""F-DPO: DPO with a margin for pairs whose rejected response alone is not factual.

Chaduvula et al. 2026, arXiv:2601.03027; code VectorInstitute/Factual-Preference-Alignment. The column `violation` has,
per candidate, 1 for a factual violation and 0 for none. The method also exchanges the responses of a pair whose chosen
one alone is in violation; that is done to the data beforehand (after it violation_l >= violation_w). A pair that was
not exchanged is not refused here: its margin is negative.
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
    """Hyper-parameters of F-DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    factual_margin: float = 2.0
    """Nats of log-ratio that such a pair must exceed, >= 0; lambda in the paper, swept per model, so 2 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "factual_margin")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin beyond beta * factual_margin * (violation_l - violation_w)."""
    chosen, rejected = pair(reward(scores, hyper))
    violation, other = pair(scores.column("violation").to(chosen))
    return -F.logsigmoid(chosen - rejected - hyper.beta * hyper.factual_margin * (other - violation))


METHOD = Method(
    name="fdpo_factual",
    paper=Paper(
        "Chaduvula et al.",
        2026,
        arxiv="2601.03027",
        title="Reducing Hallucinations in LLMs via Factuality-Aware Preference Learning",
        note="Form from the authors' repository; the value of the margin is not recovered.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("violation", low=0.0, high=1.0, per="candidate"),),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta (h - factual_margin (v_l - v_w)))\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; v = violation"
    ),
    collisions=("f-DPO of arXiv:2309.16240 is about f-divergences (the methods fdpo_div_*).",),
)
