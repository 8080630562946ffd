"""SPO, minimaximalist: a response's reward is how often it wins over the others of its group.

Swamy et al. 2024, arXiv:2401.04056. No reward model and no second player: the mean probability of being preferred to
the other responses to the same prompt, which any policy gradient may take; over a group the rewards have mean 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.shaping import GroupSignals, Shaping, known
from benchbench.shaping._groups import win_rates


@dataclass(frozen=True)
class Options:
    """It has none."""


def shape(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K] mean probability of winning over the K - 1 others.

    Raises:
        ValueError: one response, which has no other to win over.
    """
    return win_rates(known(signals.wins, "wins"))


SHAPING = Shaping(
    name="spo_minimax",
    paper=Paper(
        "Swamy et al.",
        2024,
        arxiv="2401.04056",
        title="A Minimaximalist Approach to Reinforcement Learning from Human Feedback",
        note="Checked with an independent calculation; the paper's evidence is continuous control.",
    ),
    options=Options,
    shape=shape,
    gives="rewards",
    needs=frozenset({"wins"}),
    equation="r_i = mean over j other than i of P(y_i over y_j)",
)
