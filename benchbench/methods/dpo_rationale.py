"""DPO with rationales: DPO, and the likelihood of a text that says why the chosen response is better.

Just et al. 2024, arXiv:2407.14477. The rationale is a third text, after a prompt that shows the question and both
responses; s is its summed log-probability, without a reference:

    nll:        loss = DPO - gamma s                      (the paper's text)
    logsigmoid: loss = DPO - log sigmoid(gamma s)         (code, reds-lab/preference-learning-with-rationales)

The paper does not say which of the two its numbers are from; beside DPO its code has the second alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, each_of, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DPO with rationales."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    gamma: float = 0.001
    """Weight of the rationale's summed log-probability, per nat, >= 0; 0.001 is the authors' code's."""
    rationale_term: Literal["nll", "logsigmoid"] = "nll"
    """One of nll (the paper's text) and logsigmoid (the authors' code), which weighs a likely rationale less."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "gamma")
        require_one_of(self, "rationale_term", "nll", "logsigmoid")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 3] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO of the pair, and [B] the rationale's."""
    chosen, rejected, _ = each_of(reward(scores, hyper), 3)
    rationale = hyper.gamma * scores.policy.sum()[:, 2]
    likely = rationale if hyper.rationale_term == "nll" else F.logsigmoid(rationale)
    return {"preference": Term(-F.logsigmoid(chosen - rejected)), "rationale": Term(-likely)}


METHOD = Method(
    name="dpo_rationale",
    paper=Paper(
        "Just et al.",
        2024,
        arxiv="2407.14477",
        title="Data-Centric Human Preference Optimization with Rationales",
        note="Checked against the authors' code, variant `logsigmoid`.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    candidates=Candidates.ANY,
    roles=("chosen", "rejected", "rationale"),
    variants={
        "default": {},
        "nll": {"rationale_term": "nll"},
        "logsigmoid": {"rationale_term": "logsigmoid"},
    },
    family=Family.PAIRWISE,
    equation=(
        "s = summed log pi(rationale | x, y_w, y_l)\n"
        "loss = -log sigmoid( beta (rho_w - rho_l) ) - gamma s\n"
        "variant logsigmoid: ... - log sigmoid( gamma s )"
    ),
    differs={
        "reds-lab/preference-learning-with-rationales": "variant `logsigmoid`; it also has the term on ORPO",
    },
    collisions=("The authors' code calls it RDPO; `rdpo_robust` and `rdpo_length` are others of that name.",),
)
