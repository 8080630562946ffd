"""What becomes of a model that is trained on its own curated samples: a world of a few responses, without sampling.

Ferbach et al. 2024, arXiv:2407.09499: in each round a person picks one of K samples x_1 .. x_K of the model with
probability exp r(x_k) / sum_j exp r(x_j), and the next model is the mixture of what was picked and of real data. Here
a model is a distribution over responses with known rewards, and the picked one's distribution p H is exact:

    H(x) = K exp r(x) E[ 1 / (exp r(x) + sum of K - 1 samples' exp r) ],  p_next = share p_real + (1 - share) p H

With K to infinity p H is proportional to p exp r.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable, Row
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper
from benchbench.core.ranges import require, require_at_least, require_within

_GRID = np.linspace(-60.0, 26.0, 4001)
"""Logarithms at which the integral over u is summed; the integrand is 0 in double precision at both ends."""


@dataclass(frozen=True)
class Options:
    """The world and how it is curated."""

    rewards: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
    """Reward of each response, two or more finite numbers, at most 20 apart."""
    real: tuple[float, ...] = ()
    """Probability of each response in the real data, with which the first model begins, too; none makes all alike."""
    candidates: int = 4
    """Samples of which one is picked, 1 or more; 1 is no curation."""
    share: float = 0.0
    """Share of real data in each round, in [0, 1]; 0 is the model's own samples alone."""
    rounds: int = 50
    """Of training, 1 or more."""

    def __post_init__(self) -> None:
        fits = len(self.rewards) > 1 and all(map(math.isfinite, self.rewards))
        require(fits and max(self.rewards) - min(self.rewards) <= 20, "rewards", "2 numbers or more", self.rewards)
        fits = not self.real or (len(self.real) == len(self.rewards) and min(self.real) > 0)
        require(fits and (not self.real or math.isclose(sum(self.real), 1)), "real", "probabilities above 0", self.real)
        require_at_least(self, 1, "candidates", "rounds")
        require_within(self, "share", "[0, 1]")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Reward, spread and entropy of the model round by round, and the model at the end."""
    del inputs
    rewards = np.array(options.rewards)
    real = np.array(options.real) if options.real else np.full(len(rewards), 1 / len(rewards))
    model, lines = real, [_line(0, real, real, rewards)]
    for number in range(1, options.rounds + 1):
        model = options.share * real + (1 - options.share) * curated(model, rewards, options.candidates)
        lines.append(_line(number, model, real, rewards))
    end = [{"response": k, "reward": rewards[k], "real": real[k], "at the end": model[k]} for k in range(len(rewards))]
    notes = ["best: probability of the responses with the highest reward; KL: to the real data, nats"]
    if options.share == 0 and options.candidates > 1:
        notes.append("without real data the model goes to the responses with the highest reward, and its spread to 0")
    rounds = [float(line["round"]) for line in lines]
    charts = [
        LineChart(name, title, "round", title, [ChartLine(title, rounds, [line[key] for line in lines])])
        for name, title, key in (("reward", "mean reward", "reward"), ("entropy", "entropy, nats", "entropy"))
    ]
    return Analysed([ResultTable("rounds", "Rounds", lines), ResultTable("end", "Responses", end)], notes, charts)


def curated(model: Array, rewards: Array, candidates: int) -> Array:
    """[n] distribution of the response that is picked of so many samples of a model.

    1 / (a + S) is the integral of exp(-u (a + S)) over u > 0, in which the samples are independent; it is summed over
    equal steps of log u, which for such integrands is exact to the rounding of doubles.

    Args:
        model: [n] probabilities.
        rewards: [n].
        candidates: K, 1 or more.
    """
    weights = np.exp(rewards - rewards.max())
    u = np.exp(_GRID)[:, None]
    decay = np.exp(-u * weights)  # [u, n]
    others = (decay @ model) ** (candidates - 1)  # [u]
    picked = candidates * weights * (decay * (others[:, None] * u)).sum(axis=0) * (_GRID[1] - _GRID[0])
    chosen = model * picked
    return chosen / chosen.sum()


def _line(number: int, model: Array, real: Array, rewards: Array) -> Row:
    mean = float(model @ rewards)
    spread = math.sqrt(max(0.0, float(model @ (rewards - mean) ** 2)))
    there = model > 0
    entropy = -float(model[there] @ np.log(model[there]))
    divergence = float(model[there] @ np.log(model[there] / real[there]))
    best = float(model[rewards == rewards.max()].sum())
    return {"round": number, "reward": mean, "sd": spread, "best": best, "entropy": entropy, "KL": divergence}


ANALYSIS = Analysis(
    name="self_consuming",
    title="What becomes of a model that is trained on its own curated samples",
    paper=Paper(
        "Ferbach et al.",
        2024,
        arxiv="2407.09499",
        title="Self-Consuming Generative Models with Curated Data Provably Optimize Human Preferences",
        note="The model of curation of its abstract; its theorems' constants were not compared.",
    ),
    analyse=analyse,
    options=Options,
    open_question="How the paper weighs real data against samples, and its constants, were not read.",
)
