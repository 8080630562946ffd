"""Chain of hindsight: both responses of a pair in one text, each after a phrase that says how good it is.

The examples train with method `sft`: the phrases are spans `mask`, so that only the two responses are scored, and each
token reads all text before it. What answers are asked for later is a text after the better phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from benchbench.core.example import MASK, Example, Span
from benchbench.core.identity import Since
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, without_columns


@dataclass(frozen=True)
class Options:
    """The phrases, and which response comes first.

    Raises:
        ValueError: an empty phrase, one phrase for both, or something else than white space between.
    """

    better: str = "A good response:"
    """Phrase before the chosen response; the words are ours."""
    worse: str = "A bad response:"
    """Phrase before the rejected response; the words are ours."""
    order: Literal["random", "better_first", "worse_first"] = "random"
    """Which of both comes first; drawn for each example by default."""
    between: Annotated[str, Since("2026-11-30", before="\n")] = "\n"
    """What stands between a phrase and its response, and twice between the first response and the second phrase; white
    space. A tokenizer without line breaks takes a space."""

    def __post_init__(self) -> None:
        if not self.better.strip() or not self.worse.strip() or self.better == self.worse:
            raise ValueError(f"better: expected two different phrases, got '{self.better}' and '{self.worse}'")
        if not self.between.isspace():
            raise ValueError(f"between: expected white space, got {self.between!r}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair as one candidate with holes; columns per candidate are left out."""

    def rule(example: Example) -> Sequence[Example] | str:
        parts = [*zip((options.better, options.worse), example.candidates, strict=True)]
        drawn = options.order == "random" and draws_of(seed, "hindsight", example).random() < 0.5
        if drawn or options.order == "worse_first":
            parts.reverse()
        text, holes = "", list[Span]()
        for phrase, response in parts:
            start = len(text)
            text += (2 * options.between if text else "") + phrase + options.between
            holes.append(Span(start, len(text), 0.0))
            text += response
        return [replace(without_columns(example), candidates=(text,), roles=None, spans={MASK: (tuple(holes),)})]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="hindsight",
    options=Options,
    apply=apply,
    makes_parts=(MASK,),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Liu et al.", 2023, arxiv="2302.02676", title="Chain of Hindsight Aligns Language Models with Feedback"
    ),
    open_question="The paper's phrases were not compared, and the random masking of tokens that it reads is not built.",
)
