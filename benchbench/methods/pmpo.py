"""PMPO: accepted responses are made likelier, rejected ones less likely, and a divergence holds the policy.

Abdolmaleki et al. 2024, arXiv:2410.04166. Either kind of response may be missing; with rejected ones alone the
divergence has to be strong enough. The form is eq. 10 of the third version as a public excerpt quotes it: the means are
over the accepted and over the rejected responses of the optimizer step, and KL(reference || policy) is summed over the
positions of each response and averaged over all of them, which is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_at_least_zero, require_within
from benchbench.core.scores import Scores, single

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of PMPO."""

    alpha: float = 0.5
    """Weight of the accepted responses, in [0, 1]; the rejected ones have the rest; 0.5 is that of a
    re-implementation, not the authors'."""
    beta: float = 0.5
    """Weight of the divergence, >= 0; 0.5 is a re-implementation's, not the authors'."""

    def __post_init__(self) -> None:
        require_within(self, "alpha", "[0, 1]")
        require_at_least_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 1] summed log-probability."""
    return scores.policy.sum()


def share(label: Tensor) -> Tensor:
    """[B] what each response counts in the mean over those of its label, times B; 0 where there are none."""
    return label * len(label) / label.sum().clamp(min=1e-12)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] parts whose mean is the step's loss; may be negative.

    Raises:
        ValueError: K is not 1; each response has a label of its own.
    """
    logp = single(reward(scores, hyper))
    label = scores.column(Column.LABEL.name).to(logp)
    divergence = scores.distribution.sum(dim=-1)[:, 0]
    accepted, rejected = hyper.alpha * share(label), (1 - hyper.alpha) * share(1 - label)
    return (rejected - accepted) * logp + hyper.beta * divergence


METHOD = Method(
    name="pmpo",
    paper=Paper(
        "Abdolmaleki et al.",
        2024,
        arxiv="2410.04166",
        title="Preference Optimization as Probabilistic Inference",
        note="Equation 10 of the third version as a public excerpt quotes it; the paper was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.DISTRIBUTION.with_options(quantity="reference_first")}),
    columns=(Column.LABEL,),
    candidates=Candidates.LABELLED,
    coupled=True,
    monotone_in_chosen=False,
    monotone_reason="A rejected response costs more the more likely it is.",
    variants={"default": {}, "accepted": {"alpha": 1.0}, "rejected": {"alpha": 0.0}},
    family=Family.POINTWISE,
    equation=(
        "L = -alpha mean of lp(y) over accepted y\n"
        "    + (1 - alpha) mean of lp(y) over rejected y\n"
        "    + beta mean over all y of sum_t KL( ref(.|y_<t) || pi(.|y_<t) )"
    ),
    open_question="Over what the divergence is averaged is an assumption; the paper's equation is quoted, not read.",
)
