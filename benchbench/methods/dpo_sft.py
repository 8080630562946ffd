"""DPO plus the likelihood of the chosen response, against the fall of both responses' likelihoods.

Yan et al. 2024, arXiv:2406.07327, which names it a remedy of DPO's 3D properties. The likelihood is averaged over all
chosen tokens of the step, as TRL's pair of losses `sigmoid` and `sft` does; the paper's own reduction was not read.
`rpo_iter` averages per response, and `rpo_reg` has the sum too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DPO plus SFT."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    weight: float = 1.0
    """Weight of the likelihood term, >= 0; 0 is DPO, and 1 is TRL's default weight, the paper's is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO loss, and [B] weighted negative log-likelihood of the chosen response."""
    chosen, rejected = pair(reward(scores, hyper))
    return {
        "preference": Term(-F.logsigmoid(chosen - rejected)),
        "likelihood": Term(-hyper.weight * scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS),
    }


METHOD = Method(
    name="dpo_sft",
    paper=Paper(
        "Yan et al.",
        2024,
        arxiv="2406.07327",
        title="3D-Properties: Identifying Challenges in DPO and Charting a Path Forward",
        note="Exact form from memory; agrees with TRL 1.16.0, loss types sigmoid and sft.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h) - (weight / N) log pi(y_w|x), N = chosen tokens\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={"TRL 1.16.0, loss_type [sigmoid, sft]": "the same"},
    open_question=(
        "How the paper reduces the likelihood term, and its weight, are not known; the form is from memory."
    ),
)
