"""Pairs as questions for a judge that writes: which of two responses is better, with the right and the wrong judgement.

A generative judge (Con-J, arXiv:2410.03742; GenRM, arXiv:2410.12832) is asked about both responses and ends what it
writes with the slot of the better one. The column `answer` is that slot, 1 or 2, so that the oracle `verifier` says of
judgements that are drawn in rounds whether they are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchbench.core.example import Example, Message
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, with_columns, without_columns
from benchbench.data.questions import conversation, filled, require_places


@dataclass(frozen=True)
class Options:
    """How the judge is asked, and what it should say.

    Raises:
        ValueError: a text without one of its places.
    """

    question: str = (
        "Prompt:\n{prompt}\n\nResponse 1:\n{first}\n\nResponse 2:\n{second}\n\n"
        "Which response is better? Give your reasons, and end with the number 1 or 2.\n"
    )
    """What the judge is asked; the words are ours."""
    judgement: str = "{slot}"
    """What it should say: `{slot}` is the number of the better response, `{better}` that response itself, as a reason
    that data without rationales have; the words are ours."""
    shown_after: str = ""
    """The question shows of each response only what follows the last place of this text, such as `answer`; empty shows
    it whole."""
    orders: Literal["drawn", "both"] = "drawn"
    """Which response stands first: drawn for each pair, or both orders, as two examples."""
    keep_pairs: bool = False
    """Leave each pair before its questions, without what belongs to its candidates and with no `answer` (NaN): SFT then
    learns to answer and to judge (JSFT, Self-Judge, arXiv:2402.11253)."""

    def __post_init__(self) -> None:
        require_places(self, "question", "{prompt}", "{first}", "{second}")
        require_places(self, "judgement", "{slot}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair as a question with two judgements, the right one first; pairs that look alike are dropped."""

    def rule(example: Example) -> Sequence[Example] | str:
        if options.shown_after and any(options.shown_after not in text for text in example.candidates):
            return "response without the part that is shown"
        shown = [_shown(text, options) for text in example.candidates]
        if shown[0] == shown[1]:
            return "responses look alike"
        pair = [with_columns(without_columns(example), answer=math.nan)] if options.keep_pairs else []
        if options.orders == "both":
            return [*pair, *(_question(example, options, shown, slot, f"{example.id}-{slot}") for slot in (1, 2))]
        slot = 1 if draws_of(seed, "judge_questions", example).random() < 0.5 else 2
        return [*pair, _question(example, options, shown, slot, f"{example.id}-{slot}" if pair else example.id)]

    return expand(examples, rule)


def _shown(text: str, options: Options) -> str:
    return text.rpartition(options.shown_after)[2].strip() if options.shown_after else text


def _question(example: Example, options: Options, shown: Sequence[str], slot: int, name: str) -> Example:
    """The question about a pair whose better response stands in a slot."""
    first, second = shown if slot == 1 else shown[::-1]
    values = {"{prompt}": conversation(example.prompt), "{first}": first, "{second}": second}
    judgements = tuple(
        filled(options.judgement, {"{slot}": str(place), "{better}": text})
        for place, text in zip((slot, 3 - slot), example.candidates, strict=True)
    )
    question = (Message("user", filled(options.question, values)),)
    bare = without_columns(example)
    return with_columns(replace(bare, id=name, prompt=question, candidates=judgements), answer=float(slot))


TRANSFORM = Transform(
    name="judge_questions",
    options=Options,
    apply=apply,
    makes_columns=("answer",),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Ye et al.",
        2024,
        arxiv="2410.03742",
        title="Beyond Scalar Reward Model: Learning Generative Judge from Preference Data",
    ),
    open_question="The papers' own wording of the question was not seen.",
)
