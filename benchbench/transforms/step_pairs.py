"""Pairs cut after the first step in which they differ, with the span of that step (Step-DPO).

Steps are what a separator divides. What both responses begin with is the shared prefix; each response ends after its
first step that the other one does not have there. Under one prompt the shared prefix has the same log-probability in
both, so a loss on the difference of summed log-probabilities is one on the differing step alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_columns


@dataclass(frozen=True)
class Options:
    """What ends a step, and whether the texts are cut.

    Raises:
        ValueError: a separator that divides nothing.
    """

    separator: str = "\n"
    """Text between two steps; it belongs to the step before it."""
    cut: bool = True
    """Leave out everything after the differing step; else the texts stay whole and only the span is noted."""

    def __post_init__(self) -> None:
        if not self.separator:
            raise ValueError("separator: expected a text that is not empty, got an empty one")


def differing_step(first: str, second: str, separator: str) -> tuple[int, int, int] | None:
    """Where the first differing step begins in both, and ends in each, in characters; none where there is no such step.

    The end includes the separator, unless the text ends without one.
    """
    start = 0
    for step, other in zip(first.split(separator), second.split(separator), strict=False):
        if step != other:
            end, other_end = (start + len(text) + len(separator) for text in (step, other))
            return start, min(end, len(first)), min(other_end, len(second))
        start += len(step) + len(separator)
    return None


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs with `span_start` and `span_end` per candidate, in characters of the response; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        chosen, rejected = example.candidates
        if chosen == rejected:
            return "responses identical"
        step = differing_step(chosen, rejected, options.separator)
        if step is None:
            return "one response is the beginning of the other"
        start, *ends = step
        if any(not text[start:end].strip() for text, end in zip(example.candidates, ends, strict=True)):
            return "differing step without text"
        spans = {"span_start": (float(start),) * 2, "span_end": (float(ends[0]), float(ends[1]))}
        texts = (chosen[: ends[0]], rejected[: ends[1]]) if options.cut else example.candidates
        return [with_columns(replace(example, candidates=texts), **spans)]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="step_pairs",
    options=Options,
    apply=apply,
    makes_columns=("span_start", "span_end"),
    candidates=Candidates.PAIR,
    paper=Paper(
        "Lai et al.",
        2024,
        arxiv="2406.18629",
        title="Step-DPO: Step-wise Preference Optimization for Long-chain Reasoning of LLMs",
    ),
    open_question="Written from the idea of the paper; its own cutting of steps was not compared.",
)
