"""DDO-RM: cross-entropy from a reward-improved distribution over the candidates to the policy's own.

Zhang et al. 2026, arXiv:2604.11119. With s the mean log-probability per response token and r the reward of each of
the K candidates:

    p = softmax(s / tau)    q = softmax((s + eta (r - E_p r)) / tau)    loss = -sum q log p

Checked against TiantianZ399/ddorm-llm-preference-benchmark at 9b266dd, src/benchmark/gpu/ddorm_math.py. Elsewhere in
that line of work lambda = tau / eta.

The paper holds q fixed. The code behind its published numbers does not detach q, so the gradient also flows through the
target; that is another objective and stands here as variant `released`. Centring the reward leaves q as it is, since a
softmax does not see a constant; it is kept as the paper states it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DDO-RM."""

    eta: float = 1.0
    """Nats per token gained per unit of centred reward, >= 0; 1 in the published benchmark code."""
    tau: float = 1.0
    """Temperature of the distribution over candidates, nats per token, > 0; 1 in the published benchmark code."""
    target_grad: bool = False
    """Let the gradient flow through the target, as the released code does; the paper's target is fixed."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "eta")
        require_above_zero(self, "tau")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] mean log-probability, the score by which the policy ranks candidates; not the reward it is given."""
    return scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy from the target q to the policy's own distribution over the K candidates.

    Raises:
        ValueError: K is 1; there is nothing to choose between.
    """
    score = several(scores.policy.mean())  # [B, K] nats per token
    rewards = scores.reward.to(score)  # [B, K]
    log_p = (score / hyper.tau).log_softmax(dim=-1)
    centred = rewards - (log_p.exp() * rewards).sum(dim=-1, keepdim=True)  # [B, K]
    q = ((score + hyper.eta * centred) / hyper.tau).softmax(dim=-1)
    if not hyper.target_grad:
        q = q.detach()
    return -(q * log_p).sum(dim=-1)


METHOD = Method(
    name="ddo_rm",
    paper=Paper(
        "Zhang et al.",
        2026,
        arxiv="2604.11119",
        title="DDO-RM: Distribution-Level Policy Improvement after Reward Learning",
        note="Default: the paper's fixed target; variant released: the gradient of the published numbers.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The policy is pulled to a target over all candidates; the first one has no special part.",
    variants={"default": {}, "released": {"target_grad": True}},
    family=Family.LISTWISE,
    equation=(
        "-sum_k q_k log p_k,  p = softmax(s / tau)\n"
        "q = softmax((s + eta (r - E_p r)) / tau), held fixed; s = mean log pi(y|x)"
    ),
    differs={
        "TiantianZ399/ddorm-llm-preference-benchmark at 9b266dd": "the gradient also flows through q: variant released",
        "TRL": "not in TRL",
    },
)
