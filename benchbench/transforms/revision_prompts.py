"""A pair after its prompt, and each response after prompts that show one of both and ask for a better one.

The data of `srpo`: six candidates, of which the last four answer revision prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example, Message
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_text_after, without_columns

ROLES = (
    "chosen",
    "rejected",
    "chosen_after_rejected",
    "rejected_after_rejected",
    "rejected_after_chosen",
    "chosen_after_chosen",
)
CANDIDATES = (0, 1, 0, 1, 1, 0)
SHOWN = (None, None, 1, 1, 0, 0)
"""Which response the prompt of each candidate shows."""


@dataclass(frozen=True)
class Options:
    """How a better response is asked for.

    Raises:
        ValueError: a text without `{response}`.
    """

    text: str = "Here is a response to the above:\n\n{response}\n\nWrite a better one."
    """What stands after the last turn of the prompt, and a blank line; `{response}` stands for the one shown; the words
    are ours."""

    def __post_init__(self) -> None:
        if self.text.count("{response}") != 1:
            raise ValueError(f"text: expected '{{response}}' exactly once, got '{self.text}'")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair as six candidates with roles and prompts, and no columns per candidate; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        def prompt(shown: int | None) -> tuple[Message, ...]:
            if shown is None:
                return example.prompt
            text = options.text.replace("{response}", example.candidates[shown])
            return with_text_after(example.prompt, text)

        candidates = tuple(example.candidates[place] for place in CANDIDATES)
        prompts = tuple(prompt(shown) for shown in SHOWN)
        return [replace(without_columns(example), candidates=candidates, prompts=prompts, roles=ROLES)]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="revision_prompts",
    options=Options,
    apply=apply,
    makes_parts=ROLES[2:],
    candidates=Candidates.PAIR,
    needs_order=True,
    paper=Paper("Choi et al.", 2024, arxiv="2406.01660", title="Self-Improving Robust Preference Optimization"),
    open_question="The paper's prompt for revisions was not seen.",
)
