"""RPO: DPO regularised by the likelihood of the chosen response, against over-optimisation.

Liu et al. 2024, arXiv:2405.16436, section 6; code YSLIU627/Regularized-Preference-Optimization at 088d921. Three forms:

- `average`, the default as the authors' README recommends: eta * mean over examples of the chosen response's negative
  log-likelihood per token; not multiplied by beta (OpenRLHF/openrlhf/trainer/dpo_trainer.py, appendix F).
- `cumulative`, the paper's main text: beta * eta * summed negative log-likelihood
  (alignment-handbook/scripts/rpo_trainer.py, which also treats eta below 1e-6 as 0; here every eta is obeyed).
- `pooled`: eta * negative log-likelihood over all chosen tokens of the step. This is what TRL's paper index gives for
  this paper (loss types `sigmoid` and `sft`); it is neither of the authors' forms.

Not the RPO of arXiv:2404.19733 (iterative reasoning), nor reward-aware preference optimisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of RPO."""

    beta: float = 0.5
    """Reward per nat of summed log-ratio, > 0; 0.5 is the authors' with `average`, 0.01 or 0.05 with `cumulative`."""
    eta: float = 0.2
    """Weight of the likelihood term, >= 0; 0 is DPO. 0.2 is the authors' with `average`, 0.005 with `cumulative`."""
    regularizer: Literal["average", "cumulative", "pooled"] = "average"
    """How the likelihood of the chosen response is reduced, see the module; `average` is the authors' advice."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "eta")
        require_one_of(self, "regularizer", "average", "cumulative", "pooled")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO loss, and [B] weighted negative log-likelihood of the chosen response."""
    chosen, rejected = pair(reward(scores, hyper))
    if hyper.regularizer == "average":
        likelihood = Term(-hyper.eta * scores.policy.mean()[:, 0])
    elif hyper.regularizer == "cumulative":
        likelihood = Term(-hyper.beta * hyper.eta * scores.policy.sum()[:, 0])
    else:
        likelihood = Term(-hyper.eta * scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS)
    return {"preference": Term(-F.logsigmoid(chosen - rejected)), "likelihood": likelihood}


METHOD = Method(
    name="rpo_reg",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2405.16436",
        title="Provably Mitigating Overoptimization in RLHF: Your SFT Loss is Implicitly an Adversarial Regularizer",
        note="Default: the average form that the authors' README recommends; the main text uses the cumulative one.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    variants={
        "default": {},
        "average": {"regularizer": "average"},
        "cumulative": {"regularizer": "cumulative", "beta": 0.01, "eta": 0.005},
        "trl": {"regularizer": "pooled", "beta": 0.01, "eta": 0.005},
    },
    family=Family.PAIRWISE,
    equation=(
        "-log sigmoid(beta (h_w - h_l)) - eta log pi(y_w|x) / |y_w|\n"
        "h = log pi(y|x) - log ref(y|x), summed over y (regularizer average)"
    ),
    differs={
        "YSLIU627/Regularized-Preference-Optimization at 088d921": "the same; cumulative takes eta below 1e-6 as 0",
        "TRL's paper index, loss types sigmoid and sft": "the likelihood is pooled over the step's tokens: variant trl",
    },
    collisions=(
        "Iterative reasoning preference optimisation (arXiv:2404.19733) is RPO in TRL up to 0.28 (`rpo_alpha`).",
        "Reward-aware preference optimisation (NeMo-Aligner) and relative preference optimisation are RPO too.",
    ),
)
