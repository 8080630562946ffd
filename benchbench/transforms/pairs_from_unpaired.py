"""Labelled responses to one prompt as pairs: a thumbs-up response against a thumbs-down one.

The way back from unpaired data; what has no partner is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Column as Numbers
from benchbench.core.example import Example, Message, Span
from benchbench.core.method import Column
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.serial import prompt_hash


@dataclass(frozen=True)
class Options:
    """There is nothing to choose."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The first up with the first down of a prompt, the second with the second; the pair stands where the up stood.

    The id is the up's without an ending `-chosen`; columns per candidate and ratings are joined where both have them,
    spans and prompts where either does; columns per example are the up's. The seed is not read.
    """
    by_prompt: dict[str, tuple[list[Example], list[Example]]] = {}
    for example in examples:
        ups, downs = by_prompt.setdefault(prompt_hash(example.prompt), ([], []))
        (ups if example.label else downs).append(example)
    partners = {up.id: down for ups, downs in by_prompt.values() for up, down in zip(ups, downs, strict=False)}
    pairs = [_pair(example, partners[example.id]) for example in examples if example.label and example.id in partners]
    alone = {"label true": 0, "label false": 0}
    for ups, downs in by_prompt.values():
        alone["label true"] += max(0, len(ups) - len(downs))
        alone["label false"] += max(0, len(downs) - len(ups))
    dropped = {f"no partner of the other label ({label})": count for label, count in alone.items()}
    return pairs, Counts({"joined with its partner into one pair": len(pairs), **dropped})


def _pair(up: Example, down: Example) -> Example:
    columns: dict[str, Numbers] = {}
    for name, value in up.columns.items():
        other = down.columns.get(name)
        if isinstance(value, tuple) and isinstance(other, tuple):
            columns[name] = (value[0], other[0])
        elif not isinstance(value, tuple):
            columns[name] = value
    rated = up.ratings is not None and down.ratings is not None
    return replace(
        up,
        id=up.id.removesuffix("-chosen"),
        candidates=(up.candidates[0], down.candidates[0]),
        ratings=(up.ratings[0], down.ratings[0]) if rated and up.ratings and down.ratings else None,
        label=None,
        columns=columns,
        roles=None,
        prompts=(*_prompts(up), *_prompts(down)) if up.prompts or down.prompts else None,
        spans={name: (*_spans(up, name), *_spans(down, name)) for name in {**up.spans, **down.spans}},
    )


def _prompts(example: Example) -> tuple[tuple[Message, ...], ...]:
    return example.prompts or (example.prompt,)


def _spans(example: Example, name: str) -> tuple[tuple[Span, ...], ...]:
    return example.spans.get(name, ((),))


TRANSFORM = Transform(
    name="pairs_from_unpaired",
    options=Options,
    apply=apply,
    reads=lambda options: (Column("label", low=0.0, high=1.0),),
    sets_order=lambda options: True,
)
