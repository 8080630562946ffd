"""Each pair twice, under two contexts that order it differently: as it is under the first, reversed under the second.

The test of Pitis et al. for a reward model that reads contexts: one prompt and two responses, and which is better
depends on the criterion before the prompt. A scorer that is blind to the context gives both examples of a pair the same
two rewards, so it is right about exactly one of them, and its accuracy is exactly one half. `group` is 0 under the
first context and 1 under the second, so that `mean_group_accuracy` and `worst_group_accuracy` look at each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_candidates, with_columns, with_text_before_prompts
from benchbench.data.preference_order import P_CHOSEN


@dataclass(frozen=True)
class Options:
    """The contexts, and where they stand.

    Raises:
        ValueError: a context without text, or the same one twice.
    """

    recorded: str = "Prefer the better response."
    """Context under which the pair's order holds; the default is an example of ours."""
    reversed: str = "Prefer the worse response."
    """Context under which the other response is preferred, such as an opposed criterion; an example of ours, too."""
    role: Literal["system", "user"] = "system"
    """In the system message, or before the first turn of the user."""

    def __post_init__(self) -> None:
        if not self.recorded.strip() or not self.reversed.strip() or self.recorded == self.reversed:
            raise ValueError(f"reversed: expected two different texts, got {self.recorded!r} and {self.reversed!r}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Two examples of every pair, whose ids end in `-0` and `-1`; pairs of one text are dropped; the seed is not read.

    `p_chosen` is of the preferred response under both; ratings and other columns stay with their responses, so they
    speak for the first context.
    """

    def rule(example: Example) -> Sequence[Example] | str:
        if example.candidates[0] == example.candidates[1]:
            return "responses identical"
        share = {P_CHOSEN: example.columns[P_CHOSEN]} if P_CHOSEN in example.columns else {}
        return [
            with_columns(
                with_text_before_prompts(
                    with_candidates(example, (group, 1 - group), name=f"{example.id}-{group}"), text, options.role
                ),
                group=float(group),
                **share,
            )
            for group, text in enumerate((options.recorded, options.reversed))
        ]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="flipped_contexts",
    options=Options,
    apply=apply,
    makes_columns=("group",),
    candidates=Candidates.PAIR,
    needs_order=True,
    paper=Paper(
        "Pitis et al.",
        2024,
        arxiv="2407.14916",
        title="Improving Context-Aware Preference Modeling for Language Models",
    ),
    open_question="The paper's contexts are written by a language model for each pair; two for all pairs are ours.",
)
