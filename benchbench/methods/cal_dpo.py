"""Cal-DPO: DPO on unscaled log-ratios, with both log-ratios pulled to fixed targets.

Xiao et al. 2024, arXiv:2412.14516. With a and b the summed log-ratios of chosen and rejected, the default is

    -log sigmoid(a - b) + (a - 1 / (2 beta))^2 + (b + 1 / (2 beta))^2

as in Cal-DPO/Cal-DPO at 127d76e, Pythia-2.8b-exp/trainers.py, with its `shift` at 0.5. We know the paper's own equation
through a re-implementation only, which has this form. Variant `half_weight` halves the squares, as tengxiao1/Cal-DPO at
646a754, scripts/dpo_trainer.py, does. Here beta sets the targets and is no temperature: at beta 0.001 they are 500 nats
away, and gradient clipping is then active on practically every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Cal-DPO."""

    beta: float = 0.1
    """Sets the targets, (1 - shift) / beta and -shift / beta nats, > 0; 0.1 is the Pythia code's default."""
    calibration_weight: float = 1.0
    """Weight of the two squares, >= 0; 1 in the paper."""
    shift: float = 0.5
    """Where between the two targets zero lies, in (0, 1); 0.5, the paper's, puts it in the middle."""
    contrastive_beta: float = 1.0
    """Factor of the log-ratios inside the sigmoid, > 0; 1 in the paper and in both repositories."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "contrastive_beta")
        require_at_least_zero(self, "calibration_weight")
        if not 0 < self.shift < 1:
            raise ValueError(
                f"shift: expected a number in (0, 1), got {self.shift}; the authors' shift 0 is method dpo"
            )


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference; the targets are then 1 - shift and -shift."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] logistic loss of the log-ratio margin plus the weighted squared distances from the two targets."""
    chosen, rejected = pair(log_ratio(scores))
    contrastive = -F.logsigmoid(hyper.contrastive_beta * (chosen - rejected))
    above = (chosen - (1 - hyper.shift) / hyper.beta).square()
    below = (rejected + hyper.shift / hyper.beta).square()
    return contrastive + hyper.calibration_weight * (above + below)


METHOD = Method(
    name="cal_dpo",
    paper=Paper(
        "Xiao et al.",
        2024,
        arxiv="2412.14516",
        title="Cal-DPO: Calibrated Direct Preference Optimization for Language Model Alignment",
        note="Form of Cal-DPO/Cal-DPO at 127d76e; the paper's own equation is known to us through a re-implementation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The chosen log-ratio is pulled to (1 - shift) / beta from both sides.",
    variants={"default": {}, "half_weight": {"calibration_weight": 0.5}},
    family=Family.PAIRWISE,
    equation=(
        "-log sigmoid(h_w - h_l) + (h_w - 1/(2 beta))^2 + (h_l + 1/(2 beta))^2\n"
        "h = log pi(y|x) - log ref(y|x), summed over y; shift 1/2, weight 1"
    ),
    differs={
        "Cal-DPO/Cal-DPO at 127d76e, Pythia-2.8b-exp": "the same; its shift 0 is method dpo",
        "tengxiao1/Cal-DPO at 646a754": "the squares have weight 1/2: variant half_weight",
        "TRL": "not in TRL",
    },
)
