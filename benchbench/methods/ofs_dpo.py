"""OFS-DPO: two copies of the policy at different speeds, of which the fast one is drawn away from the slow one.

Qi et al. 2024, arXiv:2406.05534, eqs. 3 to 6 as a third-party port cites them; neither the paper nor its authors' code
was read. With h(p) the difference of a pair's log-ratios of p to the reference, both copies have DPO's loss; with
FS = -log sigmoid(beta (h(F) - h(S))) the fast one F has alpha FS on top and the slow one S minus alpha FS, each with
the other held fixed. Every `switch_steps` steps whoever had the lower mean DPO loss takes the fast role. The two start
as one, have one optimizer, whose gradient norm is clipped over both, and the fast one is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.companions import Carried
from benchbench.core.method import Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of OFS-DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 0.1
    """Weight of the term between the two copies, >= 0; 0.1 is ours, the paper's is not known."""
    slow_rate: float = 0.5
    """Learning rate of the slow copy over that of the fast one, in (0, 1]; 0.5 is ours, the paper's is not known."""
    switch_steps: int = 16
    """Steps between comparisons that may switch the roles, >= 1; 16 is ours, the paper's is not known."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")
        require_within(self, "slow_rate", "(0, 1]")
        require_within(self, "switch_steps", "[1, inf)", what="whole number")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio of the policy, whatever its role."""
    return hyper.beta * log_ratio(scores)


def margins(scores: Scores, hyper: Hyper) -> tuple[Tensor, Tensor]:
    """[B] reward margins of the policy and of its rival."""
    rival = hyper.beta * (scores.rival.sum(dim=-1) - scores.reference.sum())
    (chosen, rejected), (rival_chosen, rival_rejected) = pair(reward(scores, hyper)), pair(rival)
    return chosen - rejected, rival_chosen - rival_rejected


def loss(scores: Scores, hyper: Hyper) -> dict[str, Term]:
    """[B] DPO's loss of both, and what each has of their difference; the two differences cancel but for gradients."""
    policy, rival = margins(scores, hyper)
    is_fast = scores.carried("policy_is_fast") > 0.5
    fast, slow = policy.where(is_fast, rival), rival.where(is_fast, policy)
    return {
        "fast": Term(-F.logsigmoid(fast)),
        "slow": Term(-F.logsigmoid(slow)),
        "ahead": Term(-hyper.alpha * F.logsigmoid(fast - slow.detach())),
        "behind": Term(hyper.alpha * F.logsigmoid(fast.detach() - slow)),
    }


def start(hyper: Hyper) -> Mapping[str, float]:
    """The policy is the fast one, and nothing was compared."""
    return {"policy_is_fast": 1.0, "steps": 0.0, "policy_loss": 0.0, "rival_loss": 0.0}


def advance(scores: Scores, hyper: Hyper) -> dict[str, Tensor]:
    """Losses of both since the last comparison; when it is time, the lower one has the fast role."""
    steps = scores.carried("steps") + 1
    policy, rival = (
        scores.carried(name) - F.logsigmoid(margin).mean()
        for name, margin in zip(("policy_loss", "rival_loss"), margins(scores, hyper), strict=True)
    )
    role, is_due = scores.carried("policy_is_fast"), steps >= hyper.switch_steps
    return {
        "policy_is_fast": (policy <= rival).to(role).where(is_due, role),
        "steps": steps.masked_fill(is_due, 0.0),
        "policy_loss": policy.masked_fill(is_due, 0.0),
        "rival_loss": rival.masked_fill(is_due, 0.0),
    }


METHOD = Method(
    name="ofs_dpo",
    paper=Paper(
        "Qi et al.",
        2024,
        arxiv="2406.05534",
        title="Online DPO: Online Direct Preference Optimization with Fast-Slow Chasing",
        note="The equations are a third-party port's, which cites the paper's 3 to 6.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.RIVAL}),
    carried=Carried(start=start, advance=advance, when="after_step"),
    family=Family.PAIRWISE,
    equation=(
        "L_F = L_DPO(F) + alpha FS( F, sg S ),  L_S = L_DPO(S) - alpha FS( sg F, S )\n"
        "FS = -log sigmoid( beta [ h(F) - h(S) ] ),  h(p) = rho_p(y_w) - rho_p(y_l)\n"
        "every I steps: F is whoever had the lower mean L_DPO; S learns at a share"
    ),
    collisions=("Online DPO (2402.04792) labels fresh responses; here the data are a stream of given pairs.",),
    open_question=(
        "Signs and terms are those of a port that cites the paper; alpha, the slow rate and the interval are ours."
    ),
)
