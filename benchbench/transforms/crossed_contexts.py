"""Two responses, each written under a context of its own, after both contexts: the data of `sami`.

The first candidate was written under the first context, the second under the second; whoever made the responses knows
the contexts, which are the same for all examples here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_text_before, without_columns

ROLES = ("first_under_first", "first_under_second", "second_under_first", "second_under_second")


@dataclass(frozen=True)
class Options:
    """The contexts, and where they stand.

    Raises:
        ValueError: not two different contexts.
    """

    texts: list[str] = field(default_factory=lambda: ["Be brief.", "Explain in detail."])
    """The two contexts, such as principles, in the order of the candidates; the default is an example of ours."""
    role: Literal["system", "user"] = "system"
    """In the system message, or before the first turn of the user."""

    def __post_init__(self) -> None:
        if len(self.texts) != 2 or self.texts[0] == self.texts[1] or not all(self.texts):
            raise ValueError(f"texts: expected two different texts, got {self.texts}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair as four candidates with roles and prompts, and no columns per candidate; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        first, second = example.candidates
        if first == second:
            return "responses identical"
        prompts = tuple(with_text_before(example.prompt, text, options.role) for text in options.texts)
        crossed = replace(
            without_columns(example), candidates=(first, first, second, second), prompts=prompts * 2, roles=ROLES
        )
        return [crossed]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="crossed_contexts",
    options=Options,
    apply=apply,
    makes_parts=ROLES,
    candidates=Candidates.PAIR,
    paper=Paper(
        "Fraenken et al.",
        2024,
        arxiv="2404.14313",
        title=(
            "Self-Supervised Alignment with Mutual Information: Learning to Follow Principles without Preference Labels"
        ),
    ),
    open_question="The paper's contexts and prompt format were not seen.",
)
