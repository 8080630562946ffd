"""Pref-GRPO in text: win rates within a group, normalised as GRPO normalises rewards.

A twin of Wang et al. 2025, arXiv:2508.20751, whose responses are images; never a reproduction. The reward of a response
is its mean probability of winning over the others of its group; less the group's mean, over its standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.shaping import GroupSignals, Shaping, known
from benchbench.shaping._groups import group_relative, win_rates


@dataclass(frozen=True)
class Options:
    """What keeps the division finite."""

    eps: float = 1e-4
    """Added to the standard deviation, > 0; 1e-4 is GRPO's in TRL."""

    def __post_init__(self) -> None:
        require_above_zero(self, "eps")


def shape(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K] win rate less the group's mean, over the unbiased standard deviation.

    Raises:
        ValueError: one response, which has no other to win over.
    """
    return group_relative(win_rates(known(signals.wins, "wins")), options.eps)


SHAPING = Shaping(
    name="pref_grpo_twin",
    paper=Paper(
        "Wang et al.",
        2025,
        arxiv="2508.20751",
        title="Pref-GRPO: Pairwise Preference Reward-based GRPO for Stable Text-to-Image Reinforcement Learning",
        note="A text form of the reward in the abstract.",
    ),
    options=Options,
    shape=shape,
    gives="advantages",
    needs=frozenset({"wins"}),
    equation="A_i = (r_i - mean r) / (std r + eps)\nr_i = mean over j other than i of P(y_i over y_j)",
    open_question="The abstract was read alone; the normalisation is that of GRPO in TRL.",
    twin_of="Win rates of images within a group as the reward of GRPO; here of texts.",
)
