"""OTC: a right answer is worth more the fewer tool calls it took, beside the fewest of any right answer in its group.

Wang et al. 2025, arXiv:2504.14870, as a secondary source quotes it word for word. The reward is alpha times the tool
reward times correctness, so a wrong answer has none. The fewest calls are those of this group; the paper keeps them
over epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.shaping import GroupSignals, Shaping


@dataclass(frozen=True)
class Options:
    """The form and scale of the reward."""

    form: Literal["grpo", "ppo"] = "grpo"
    """Whether calls are measured at the group's fewest (`grpo`) or at none (`ppo`)."""
    c: float = 1.0
    """How soon calls cost, > 0, where none is best; 1 is ours, the paper's is not known."""
    alpha: float = 1.0
    """Reward of a right answer with the fewest calls, > 0; 1 is ours, the paper's is not known."""

    def __post_init__(self) -> None:
        require_one_of(self, "form", "grpo", "ppo")
        require_above_zero(self, "c", "alpha")


def tool_reward(calls: np.ndarray, fewest: np.ndarray, c: float) -> np.ndarray:
    """[K] 1 where the calls are the fewest, falling to either side; of a cosine where none is the fewest."""
    none_needed = np.cos(calls * np.pi / (2 * calls + c))  # 1 at no calls
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(fewest > 0, calls / (calls + fewest), 0.0)  # half the paper's f / n
    return np.where(fewest > 0, np.sin(share * np.pi), none_needed)


def shape(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K] reward of each response."""
    calls, right = signals.columns["calls"].astype(float), signals.columns["correct"].astype(float)
    fewest = calls[right > 0].min() if options.form == "grpo" and (right > 0).any() else 0.0
    return options.alpha * right * tool_reward(calls, np.full_like(calls, fewest), options.c)


SHAPING = Shaping(
    name="otc",
    paper=Paper(
        "Wang et al.",
        2025,
        arxiv="2504.14870",
        title="OTC: Optimal Tool Calls via Reinforcement Learning",
        note="Quoted word for word by a secondary source; the paper was not read.",
    ),
    options=Options,
    shape=shape,
    gives="rewards",
    columns=("calls", "correct"),
    equation=(
        "r = alpha correct t(m, n), m calls, n the fewest of a right answer in the group\n"
        "t = sin(pi m / (m + n)) if n > 0, else cos(pi m / (2 m + c))"
    ),
    open_question="The values of c and alpha are not known, and the form is a secondary source's.",
)
