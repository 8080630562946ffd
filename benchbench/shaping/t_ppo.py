"""T-PPO: generalised advantages of responses that are not finished yet.

Fan et al. 2025, arXiv:2506.15050. A rollout is cut into windows, and the next step goes on with what is unfinished; its
advantages are made at once, with the value beyond the window taken to be that of the window's last token. Finished
responses have the usual advantages, with no value beyond the end. The form is that of two reviews that agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require_within
from benchbench.core.shaping import GroupSignals, Shaping, Tokens, known


@dataclass(frozen=True)
class Options:
    """Discount and decay of the advantages."""

    gamma: float = 1.0
    """Discount of each token, in [0, 1]; 1 is PPO's in TRL."""
    lam: float = 0.95
    """Decay of later errors of the critic, in [0, 1]; 0.95 is PPO's in TRL."""

    def __post_init__(self) -> None:
        require_within(self, "gamma", "[0, 1]")
        require_within(self, "lam", "[0, 1]")


def advantages(rewards: np.ndarray, values: np.ndarray, *, ended: bool, options: Options) -> np.ndarray:
    """[T] generalised advantages of one window of [T] rewards and values."""
    if not len(rewards):
        return np.zeros(0)
    beyond = 0.0 if ended else values[-1]
    errors = rewards + options.gamma * np.append(values[1:], beyond) - values
    sums = np.zeros(len(errors) + 1)
    for place in reversed(range(len(errors))):
        sums[place] = errors[place] + options.gamma * options.lam * sums[place + 1]
    return sums[:-1]


def shape(options: Options, signals: GroupSignals) -> Tokens:
    """[T_k] advantages for each response."""
    rewards, values = known(signals.token_rewards, "token_rewards"), known(signals.values, "values")
    ended = known(signals.ended, "ended")
    windows = zip(rewards, values, ended, strict=True)
    return tuple(advantages(reward, value, ended=bool(done), options=options) for reward, value, done in windows)


SHAPING = Shaping(
    name="t_ppo",
    paper=Paper(
        "Fan et al.",
        2025,
        arxiv="2506.15050",
        title="Truncated Proximal Policy Optimization",
        note="Two reviews confirm the value beyond a window; the paper was not read.",
    ),
    options=Options,
    shape=shape,
    gives="token_advantages",
    needs=frozenset({"token_rewards", "values", "ended"}),
    equation=(
        "A_t = sum over k >= t of (gamma lam)^(k-t) d_k\n"
        "d_k = r_k + gamma V_(k+1) - V_k\n"
        "beyond an unfinished window V is that of its last token, beyond an end 0"
    ),
    open_question="The paper's discount, decay and window are not known, and the form is from reviews.",
)
