"""The chosen response to one prompt against the rejected response to another: pairs with two prompts, for `dpo_joint`.

In the paper annotators compare two instruction-response pairs. Here the labels of ordinary pairs stand in for them: a
response that won is taken to be better than one that lost elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Paper
from benchbench.core.ranges import require_within
from benchbench.core.seeding import stream
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import others, without_columns


@dataclass(frozen=True)
class Options:
    """How many pairs are crossed.

    Raises:
        ValueError: a share outside [0, 1].
    """

    rate: float = 1.0
    """Share of the examples whose rejected response is another's, in [0, 1]; the others stay as they are."""

    def __post_init__(self) -> None:
        require_within(self, "rate", "[0, 1]", what="share")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """As many examples; a crossed one has two prompts, and no columns per candidate."""
    rng = stream(seed, "joint pairs")
    is_crossed = rng.random(len(examples)) < options.rate
    partners = others(len(examples), rng)
    become = [
        _crossed(example, examples[partner]) if crossed and partner != place else example
        for place, (example, partner, crossed) in enumerate(zip(examples, partners, is_crossed, strict=True))
    ]
    count = sum(after is not before for after, before in zip(become, examples, strict=True))
    return become, Counts(changed={"rejected response of another prompt": count})


def _crossed(example: Example, other: Example) -> Example:
    prompts = (example.prompt, other.prompt)
    candidates = (example.candidates[0], other.candidates[1])
    return replace(without_columns(example), candidates=candidates, prompts=prompts)


TRANSFORM = Transform(
    name="joint_pairs",
    options=Options,
    apply=apply,
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Bansal et al.",
        2024,
        arxiv="2404.00530",
        title="Comparing Bad Apples to Good Oranges: Aligning Large Language Models via Joint Preference Optimization",
    ),
    open_question="The paper has joint comparisons annotated; pairs that are crossed by their labels are ours.",
)
