"""DOVE (JPO): DPO on joint log-probabilities of prompt and response, so that a pair may have two prompts.

Bansal et al. 2024, arXiv:2404.00530. The comparison is of two instruction-response pairs, and the tokens of the
instructions are scored as well:

    loss = -log sigmoid(beta ([log pi(x_w, y_w) - log ref(x_w, y_w)] - [log pi(x_l, y_l) - log ref(x_l, y_l)]))

With equal prompts their parts cancel and it is DPO. Checked against the authors' code, Hritikbansal/dove, whose
collator truncates the rejected side by the chosen side's length, which is not copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DOVE."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio of prompt and response, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio of prompt and response."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the margin of joint rewards."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="dpo_joint",
    paper=Paper(
        "Bansal et al.",
        2024,
        arxiv="2404.00530",
        title="Comparing Bad Apples to Good Oranges: Aligning Large Language Models via Joint Preference Optimization",
        note="Called DOVE in its first version; checked against the authors' code, Hritikbansal/dove.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    scored="all",
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid( beta (r(x_w, y_w) - r(x_l, y_l)) )\n"
        "r(x, y) = log pi(x, y) - log ref(x, y), prompt and response tokens summed"
    ),
    differs={"Hritikbansal/dove": "truncates the rejected side by the chosen side's length"},
)
