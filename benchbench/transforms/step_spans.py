"""The steps of responses as spans `step`, numbered from 1: what `oreo_step` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example, Span
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand

STEP = "step"
"""Name of the spans."""


@dataclass(frozen=True)
class Options:
    """What ends a step.

    Raises:
        ValueError: a separator that divides nothing.
    """

    separator: str = "\n"
    """Text between two steps; it belongs to the step before it."""

    def __post_init__(self) -> None:
        if not self.separator:
            raise ValueError("separator: expected a text that is not empty, got an empty one")


def steps(text: str, separator: str) -> tuple[Span, ...]:
    """The steps of a text; one without any text of its own is part of the step before it."""
    spans: list[Span] = []
    start = 0
    for part in text.split(separator):
        end = min(start + len(part) + len(separator), len(text))
        if part.strip() or not spans:
            spans.append(Span(spans[-1].end if spans else 0, end, float(len(spans) + 1)))
        elif end > spans[-1].end:
            spans[-1] = spans[-1]._replace(end=end)
        start = end
    return tuple(span for span in spans if span.end > span.start)


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with spans `step`; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        spans = tuple(steps(text, options.separator) for text in example.candidates)
        return [replace(example, spans={**example.spans, STEP: spans})]

    return expand(examples, rule)


TRANSFORM = Transform(name="step_spans", options=Options, apply=apply, makes_parts=(STEP,))
