"""Example: one prompt with its candidate responses, whatever shape the data had."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

CHOSEN, REJECTED = "chosen", "rejected"
"""Roles of a pair, in this order where an example names none."""
PREFERRED = (CHOSEN, "gold")
"""Roles of a response that is the preferred one where it stands first."""
MASK = "mask"
"""Name of the spans that are not scored."""

Column = float | tuple[float, ...]
"""One number per example, or one per candidate."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


class Span(NamedTuple):
    """A stretch of a response's text with a number, which its tokens have."""

    start: int
    """Index of its first character in the response's text."""
    end: int
    """Index after its last character, > start."""
    value: float
    """0 for a `mask`; elsewhere the weight of its tokens, a finite number."""


Spans = Mapping[str, tuple[tuple[Span, ...], ...]]
"""Name -> for each of the K candidates its spans, in order and without overlap."""


@dataclass(frozen=True)
class Example:
    """A prompt and K candidate responses; a preference pair is K = 2 with the chosen response first.

    Raises:
        ValueError: an empty prompt, no candidate, what belongs to each candidate in another number, a chosen response
            after a rejected one, or spans that overlap, are out of order or reach beyond their text.
    """

    id: str
    """Unique within its split; rows, rewards and verdicts of a split are joined on it."""
    prompt: tuple[Message, ...]
    """The conversation up to and including the turn that is answered."""
    candidates: tuple[str, ...]
    """[K] response texts; for a pair (chosen, rejected); for a demonstration one."""
    ratings: tuple[float, ...] | None = None
    """[K] the data's own scores, higher is better; none where the data has none."""
    label: bool | None = None
    """Thumbs up or down, for unpaired data only."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Further numbers that a method or metric may declare, such as `gold` or `p_chosen`."""
    roles: tuple[str, ...] | None = None
    """[K] what each candidate is: `chosen`, `rejected` after it, or what a method asks for, such as `gold`,
    `rationale`, `degraded`, `unseen`. None: a pair is chosen and rejected, and other candidates have no role."""
    prompts: tuple[tuple[Message, ...], ...] | None = None
    """[K] the conversation that each candidate answers, where they differ; `prompt` is what a policy is asked then."""
    spans: Spans = field(default_factory=dict)
    """Stretches of the responses: `mask` takes their tokens out of what is scored, any other name gives weights."""

    def __post_init__(self) -> None:
        if not self.prompt or not any(message.content.strip() for message in self.prompt):
            raise ValueError(f"example {self.id}: empty prompt")
        if not self.candidates:
            raise ValueError(f"example {self.id}: no candidate response")
        if self.ratings is not None and len(self.ratings) != len(self.candidates):
            raise ValueError(f"example {self.id}: {len(self.ratings)} ratings for {len(self.candidates)} candidates")
        for name, value in self.columns.items():
            if isinstance(value, tuple) and len(value) != len(self.candidates):
                raise ValueError(
                    f"example {self.id}: column '{name}' has {len(value)} values for {len(self.candidates)} candidates"
                )
        self._check_parts()

    def _check_parts(self) -> None:
        """Check what joined later: roles, prompts, spans."""
        try:
            check_parts(self.candidates, self.roles, self.prompts, self.spans)
        except ValueError as error:
            raise ValueError(f"example {self.id}: {error}") from None

    @property
    def known_roles(self) -> tuple[str, ...]:
        """The candidates' roles: those that are given, else chosen and rejected of one or two; empty if unknown."""
        return self.roles or known_roles(len(self.candidates))

    def taking(self, places: Sequence[int]) -> Example:
        """The example with these of its candidates, in this order, and what belongs to each."""

        def picked(values: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(values[place] for place in places)

        return replace(
            self,
            candidates=picked(self.candidates),
            ratings=None if self.ratings is None else picked(self.ratings),
            columns={name: picked(c) if isinstance(c, tuple) else c for name, c in self.columns.items()},
            roles=None if self.roles is None else picked(self.roles),
            prompts=None if self.prompts is None else picked(self.prompts),
            spans={name: picked(rows) for name, rows in self.spans.items()},
        )


def known_roles(candidates: int) -> tuple[str, ...]:
    """The roles of so many candidates where none are given: one is chosen, two are a pair, more have no role."""
    return (CHOSEN, REJECTED)[:candidates] if candidates <= 2 else ()


def taken_places(known: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...] | None:
    """Where the wanted roles are among the known ones, a repeated role in the order in which it stands there.

    None where a wanted role is missing, or where more candidates have it than are wanted, so that it is not known which
    are meant; roles that nobody wants may be there.
    """
    if any(known.count(role) != wanted.count(role) for role in wanted):
        return None
    places = {role: iter([k for k, name in enumerate(known) if name == role]) for role in wanted}
    return tuple(next(places[role]) for role in wanted)


def check_parts(
    candidates: Sequence[str],
    roles: Sequence[str] | None,
    prompts: Sequence[Sequence[Message]] | None,
    spans: Spans,
) -> None:
    """Return only if roles, prompts and spans fit the candidates.

    Raises:
        ValueError: what was expected and what was found, without the example's name.
    """
    count = len(candidates)
    if roles is not None:
        _require_one_each("roles", roles, count)
        if (strange := next((role for role in roles if not role.isidentifier()), None)) is not None:
            raise ValueError(f"roles: expected names of letters, digits and _, got '{strange}'")
        if REJECTED in roles and CHOSEN in roles[roles.index(REJECTED) :]:
            raise ValueError(f"roles: expected {CHOSEN} before {REJECTED}, got {', '.join(roles)}")
    if prompts is not None:
        _require_one_each("prompts", prompts, count)
        for place, prompt in enumerate(prompts):
            if not any(message.content.strip() for message in prompt):
                raise ValueError(f"prompts: expected a conversation for each candidate, candidate {place} has none")
    for name, rows in spans.items():
        _require_one_each(f"spans '{name}'", rows, count)
        for place, (text, row) in enumerate(zip(candidates, rows, strict=True)):
            if fault := _span_fault(name, row, len(text)):
                raise ValueError(f"spans '{name}', candidate {place}: {fault}")


def _require_one_each(what: str, values: Sequence[Any], candidates: int) -> None:
    if len(values) != candidates:
        raise ValueError(f"{what}: expected one for each of {candidates} candidates, got {len(values)}")


def _span_fault(name: str, spans: Iterable[Span], length: int) -> str:
    """What is wrong with the spans of one text of so many characters; empty where nothing is."""
    spans = tuple(spans)
    for start, end, value in spans:
        if not 0 <= start < end <= length:
            return f"expected 0 <= start < end <= {length}, the length of its text, got [{start}, {end})"
        if name == MASK and value != 0:
            return f"expected the value 0 of a hole, got {value:g} in [{start}, {end})"
        if not math.isfinite(value):
            return f"expected a finite number, got {value} in [{start}, {end})"
    for first, second in pairwise(spans):
        if second.start < first.end:
            return f"expected spans in order that do not overlap, got [{first[0]}, {first[1]}) and then " + (
                f"[{second[0]}, {second[1]})"
            )
    return ""
