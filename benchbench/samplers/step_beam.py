"""Step beam: a breadth-first search over the steps of a response, which keeps the best few prefixes at each depth.

Chain of preference (Zhang et al., 2024, arXiv:2406.09136) trains on the siblings along the path that it selects. There
the model judges its own steps; here the world that the prompts are from does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from benchbench.core.method import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.sampler import POLICY, Arm, Sampler
from benchbench.core.search import StepSearch
from benchbench.trees.step_beam import step_beam


@dataclass(frozen=True)
class Options:
    """How wide and how deep it goes; `num_samples` continuations are drawn of each prefix.

    Raises:
        ValueError: a number out of its range.
    """

    keep: int = 3
    """Prefixes that are kept at each depth, >= 1; the first of equal worth."""
    depth: int = 8
    """Steps of a response at most, >= 1; the end of the text is a step by itself."""
    keep_ties: bool = False
    """Keep each prefix that is worth as much as the last one kept, as the authors' code does."""
    groups: Literal["steps", "paths"] = "steps"
    """`steps`: the siblings of each step of the selected path are a group; `paths`: all that was kept last, as whole
    responses, are one."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "keep", "depth")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """A single arm: `num_samples` continuations of each prefix."""
    return (Arm("policy", num_samples, {POLICY: 1.0}),)


def _most(options: Options, num_samples: int) -> int:
    """Every prefix there is where ties are kept, else as many as are kept at each depth below the root."""
    if options.keep_ties:
        return sum(num_samples**depth for depth in range(1, options.depth + 1))
    return num_samples * (1 + options.keep * (options.depth - 1))


def search(options: Options) -> StepSearch:
    """The beam, which reads no log-probability."""
    return StepSearch(
        start=partial(step_beam, keep=options.keep, depth=options.depth, keep_ties=options.keep_ties),
        depth=options.depth,
        most=partial(_most, options),
        reads_logps=False,
        groups=options.groups,
    )


SAMPLER = Sampler(
    name="step_beam",
    options=Options,
    arms=arms,
    search=search,
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2406.09136",
        title="Chain of Preference Optimization: Improving Chain-of-Thought Reasoning in LLMs",
        note="The beam, not its self-evaluation.",
    ),
    open_question="The paper's final choice among leaves was read in its code alone; here the highest value is chosen.",
)
