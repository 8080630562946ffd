"""A pair after a prompt with some words hidden, and its chosen response after one with most hidden: for `tars_twin`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example, Message
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, without_columns

ROLES = ("chosen", "rejected", "corrupted")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Options:
    """How much is hidden.

    Raises:
        ValueError: shares that are not 0 <= perturbed < corrupted <= 1.
    """

    perturbed: float = 0.1
    """Share of the words of the last turn that the pair's prompt lacks, in [0, 1); 0.1 is ours."""
    corrupted: float = 0.8
    """The same of the prompt of the third candidate, in (0, 1] and more than `perturbed`; 0.8 is ours."""
    mask: str = "_"
    """What stands for a hidden word."""

    def __post_init__(self) -> None:
        if not 0 <= self.perturbed < self.corrupted <= 1:
            raise ValueError(f"corrupted: expected a share in (0, 1] above {self.perturbed}, got {self.corrupted}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair as three candidates with roles and prompts; columns per candidate are left out."""

    def rule(example: Example) -> Sequence[Example] | str:
        *before, last = example.prompt
        order = draws_of(seed, "corrupted prompts", example).permutation(len(_WORD.findall(last.content))).tolist()

        def prompt(share: float) -> tuple[Message, ...]:
            hidden = {*order[: round(share * len(order))]}
            return (*before, replace(last, content=_without(last.content, hidden, options.mask)))

        pair, corrupted = prompt(options.perturbed), prompt(options.corrupted)
        if pair == corrupted:
            return "too few words to hide"
        chosen, rejected = example.candidates
        return [
            replace(
                without_columns(example),
                candidates=(chosen, rejected, chosen),
                prompts=(pair, pair, corrupted),
                roles=ROLES,
            )
        ]

    return expand(examples, rule)


def _without(text: str, hidden: set[int], mask: str) -> str:
    """The text with the words at some places hidden."""
    at = iter(range(len(text)))
    return _WORD.sub(lambda match: mask if next(at) in hidden else match[0], text)


TRANSFORM = Transform(
    name="corrupted_prompts",
    options=Options,
    apply=apply,
    makes_parts=("corrupted",),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Zhang et al.",
        2025,
        arxiv="2507.21584",
        title="TARS: MinMax Token-Adaptive Preference Strategy for Hallucination Reduction in MLLMs",
    ),
    open_question="The paper hides what is least tied to an image; words drawn at random are ours.",
)
