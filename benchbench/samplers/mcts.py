"""Monte Carlo tree search over the steps of a response, whose Q values order the siblings of the most visited path.

Xie et al., 2024, arXiv:2405.00451; `benchbench.trees.mcts` has the formulas and what is simpler here. There the model
judges its own steps beside a verifier of answers; here the world that the prompts are from says what a step is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from benchbench.core.method import Paper
from benchbench.core.sampler import POLICY, Arm, Sampler
from benchbench.core.search import StepSearch
from benchbench.trees.mcts import TreeSearch, mcts


@dataclass(frozen=True)
class Options:
    """How a tree is searched; `num_samples` continuations are drawn of each prefix that is expanded.

    Raises:
        ValueError: a number out of its range.
    """

    iterations: int = 64
    """Paths that are walked from the root, >= 1."""
    depth: int = 8
    """Steps of a response at most, >= 1; the end of the text is a step by itself."""
    exploration: float = 1.0
    """c of PUCT, >= 0: weight of the policy's probability beside Q."""
    length_penalty: float = 1.25
    """Power of the number of tokens that a step's log-probability is divided by."""
    gamma: float = 1.0
    """Discount of what follows a step, in [0, 1]."""
    groups: Literal["steps", "paths"] = "steps"
    """`steps`: the siblings of each step of the most visited path are a group; `paths`: all paths that it went to the
    end of, as whole responses, are one."""

    def __post_init__(self) -> None:
        self.tree()

    def tree(self) -> TreeSearch:
        """The settings of the search itself."""
        return TreeSearch(self.iterations, self.depth, self.exploration, self.length_penalty, self.gamma)


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """A single arm: `num_samples` continuations of each prefix."""
    return (Arm("policy", num_samples, {POLICY: 1.0}),)


def search(options: Options) -> StepSearch:
    """The tree search, whose priors read log-probabilities."""
    return StepSearch(
        start=partial(mcts, options.tree()),
        depth=options.depth,
        most=lambda num_samples: options.iterations * options.depth * num_samples,
        reads_logps=True,
        groups=options.groups,
    )


SAMPLER = Sampler(
    name="mcts",
    options=Options,
    arms=arms,
    search=search,
    paper=Paper(
        "Xie et al.",
        2024,
        arxiv="2405.00451",
        title="Monte Carlo Tree Search Boosts Reasoning via Iterative Preference Learning",
        note="Formulas as the authors' code has them; what is simpler is said in `benchbench.trees.mcts`.",
    ),
    open_question="How the paper smooths labels by visits was not verified; nothing is smoothed here.",
)
