"""RTO: token rewards from a policy that DPO trained, a KL penalty per token, and the reward model's number at the end.

Zhong et al. 2024, arXiv:2404.18922; code zkshan2002/RTO at f2c1294, openrlhf/models/utils.py and
ppo_utils/experience_maker.py. Ordinary PPO with a critic follows. A response that was cut gets no reward at its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.shaping import GroupSignals, Shaping, Tokens, known


@dataclass(frozen=True)
class Options:
    """Weights and clips of RTO's token rewards."""

    beta1: float = 0.05
    """Reward per nat of the guide's log-ratio to the reference, >= 0; 0.05 is the authors' script's."""
    clip: float = 0.05
    """Largest token reward from the guide, either way, > 0; 0.05 is the authors' script's."""
    beta2: float = 0.01
    """Penalty per nat of the policy's log-ratio to the reference, >= 0; 0.01 is the authors' script's."""
    reward_clip: float = 10.0
    """Largest reward of the response, either way, > 0; 10 is the authors' code's."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "beta1", "beta2")
        require_above_zero(self, "clip", "reward_clip")


def shape(options: Options, signals: GroupSignals) -> Tokens:
    """[T_k] for each response: clipped reward from the guide, less the KL penalty; the last one gets the reward."""
    rewards, ended = known(signals.rewards, "rewards"), known(signals.ended, "ended")
    logps = (known(getattr(signals, name), name) for name in ("guide", "policy", "reference"))
    shaped = []
    for place, (guide, policy, reference) in enumerate(zip(*logps, strict=True)):
        tokens = np.clip(options.beta1 * (guide - reference), -options.clip, options.clip)
        tokens -= options.beta2 * (policy - reference)
        if ended[place] and len(tokens):
            tokens[-1] += np.clip(rewards[place], -options.reward_clip, options.reward_clip)
        shaped.append(tokens)
    return tuple(shaped)


SHAPING = Shaping(
    name="rto",
    paper=Paper(
        "Zhong et al.",
        2024,
        arxiv="2404.18922",
        title="DPO Meets PPO: Reinforced Token Optimization for RLHF",
        note="The authors' code, checked with an independent calculation.",
    ),
    options=Options,
    shape=shape,
    gives="token_rewards",
    needs=frozenset({"rewards", "ended", "guide", "policy", "reference"}),
    equation=(
        "r_t = clip(beta1 log(guide_t / ref_t), -c, c) - beta2 log(policy_t / ref_t)\n"
        "    + [t ends the response] clip(reward, -10, 10)"
    ),
    differs={"zkshan2002/RTO f2c1294": "the same"},
)
