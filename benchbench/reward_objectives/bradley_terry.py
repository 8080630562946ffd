"""Bradley-Terry: the preferred response has the higher reward, by the logistic of the difference.

Bradley and Terry 1952; for language models Ouyang et al. 2022, arXiv:2203.02155, eq. 1 with one pair per prompt, and
Bai et al. 2021, arXiv:2112.00861, ranked preference models. Checked against TRL 1.16.0, trl/trainer/reward_trainer.py.
The pull of the rewards' sum towards zero is `reward_model.center_rewards_coefficient`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchbench.core import functional as F
from benchbench.core.method import Paper, Term
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Bradley-Terry: none."""


def loss(scores: RewardScores, hyper: Hyper) -> Mapping[str, Term]:
    """One term: [B] -log sigmoid of the difference of the rewards."""
    chosen, rejected = pair(scores.reward)
    return {"bradley_terry": Term(-F.logsigmoid(chosen - rejected))}


OBJECTIVE = RewardObjective(
    name="bradley_terry",
    paper=Paper(
        "Ouyang et al.",
        2022,
        arxiv="2203.02155",
        equation="1",
        title="Training language models to follow instructions with human feedback",
        note="Checked against TRL 1.16.0, reward_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    family="pairwise",
    equation="L = -log s(r_w - r_l)",
    differs={"TRL 1.16.0, reward_trainer.py": "the same"},
)
