"""TW-GRPO in text: tokens count more where the responses of a group differ in what they would say next.

A twin of Dang et al. 2025, arXiv:2505.24718 (code longmalongma/TW-GRPO, grpo_trainer.py), whose responses are about
videos; never a reproduction. At each place the mean log-probabilities of the group are compared with each response's,
and the weights grow from 1 to alpha between the smallest and the largest difference. A response that has ended counts
as a uniform distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.shaping import GroupSignals, Shaping, Tokens, known

LARGEST_NATS = 11.0
"""Difference of log-probabilities at which one is held, as in the authors' code."""


@dataclass(frozen=True)
class Options:
    """How far weights go."""

    alpha: float = 1.5
    """Weight of the place where the group differs most, at least 1; 1.5 is the default in the authors' code."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "alpha")


def shape(options: Options, signals: GroupSignals) -> Tokens:
    """[T_k] weights for each response, one for each place of the group."""
    distributions = known(signals.distributions, "distributions")
    places = max(map(len, distributions), default=0)
    if not places:
        return tuple(np.zeros(0) for _ in distributions)
    vocabulary = distributions[0].shape[-1]
    logps = np.full((len(distributions), places, vocabulary), -np.log(vocabulary))
    for row, tokens in enumerate(distributions):
        logps[row, : len(tokens)] = tokens
    gaps = np.clip(logps.mean(axis=0) - logps, -LARGEST_NATS, LARGEST_NATS)
    spread = (np.exp(gaps) - gaps - 1).sum(axis=-1).mean(axis=0)  # [T]
    width = spread.max() - spread.min()
    shares = (spread - spread.min()) / width if width > 0 else np.zeros(places)
    weights = 1 + (options.alpha - 1) * shares
    return tuple(weights[: len(tokens)] for tokens in distributions)


SHAPING = Shaping(
    name="tw_grpo_twin",
    paper=Paper(
        "Dang et al.",
        2025,
        arxiv="2505.24718",
        title="Reinforcing Video Reasoning with Focused Thinking",
        note="The weights of the authors' code, on text.",
    ),
    options=Options,
    shape=shape,
    gives="token_weights",
    needs=frozenset({"distributions"}),
    equation=(
        "w_t = 1 + (alpha - 1) minmax over t of mean_i sum_v (exp(d) - d - 1)\n"
        "d = mean_i log p_i,t(v) - log p_i,t(v), held at 11 nats"
    ),
    twin_of="Weights of tokens in GRPO of answers about videos; here of any text.",
)
