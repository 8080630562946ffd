"""What tokenising leaves: token rows with their scored ranges, flags, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import BenchError
from benchbench.core.example import Column, known_roles, taken_places
from benchbench.data.audit import Lengths

TokenIds = Sequence[int] | NDArray[np.unsignedinteger[Any]]
"""Token ids in order: integers, or an array of them, which may be a view of a file."""


@dataclass(frozen=True, eq=False, slots=True)
class TokenizedCandidate:
    """One token row; rows are equal where all their numbers are, whatever holds the ids."""

    tokens: TokenIds
    """Prompt and response, not longer than `max_length`."""
    response: tuple[int, int]
    """Half-open range of the scored tokens within `tokens`; its first and last are no holes."""
    truncated: bool = False
    """Cut to `max_length`."""
    empty: bool = False
    """The response's text is blank, or no token of it is scored."""
    overlong: bool = False
    """The scored range is not that of the true response tokens (`overlong_mask: untruncated_prompt`)."""
    holes: tuple[tuple[int, int], ...] = ()
    """Half-open ranges inside of `response` that are not scored, in order; later tokens read them all the same."""
    weights: Mapping[str, tuple[tuple[int, int, float], ...]] = field(default_factory=dict)
    """Name of spans -> half-open ranges of tokens with their weight, in order; other tokens have weight 1."""

    prompt_tokens: int | None = None
    """Tokens before the response, where the scored range does not begin right after them."""

    @property
    def prompt_length(self) -> int:
        """Tokens before the response."""
        return self.response[0] if self.prompt_tokens is None else self.prompt_tokens

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenizedCandidate):
            return NotImplemented
        facts = [
            (row.response, row.truncated, row.empty, row.overlong, row.holes, row.weights, row.prompt_tokens)
            for row in (self, other)
        ]
        return facts[0] == facts[1] and np.array_equal(self.tokens, other.tokens)

    __hash__ = None  # type: ignore[assignment]  # a row is what it holds, and an array has no hash


def drawn_candidate(
    before: Sequence[int], response: Sequence[int], observed: Sequence[tuple[int, int]] = ()
) -> TokenizedCandidate:
    """A drawn response behind what stands before it, whole; what a tool wrote of it is read and not scored.

    Args:
        before: token ids of the prompt and of what else is context.
        response: token ids, the token that ended it among them.
        observed: half-open ranges of the response that a tool wrote, in order.
    """
    start, written = len(before), {place for first, stop in observed for place in range(first, stop)}
    places = [start + place for place in range(len(response)) if place not in written]
    if not places:
        return TokenizedCandidate((*before, *response), (start, start), empty=True)
    scored = (places[0], places[-1] + 1)
    ranges = ((start + first, start + stop) for first, stop in observed)
    holes = tuple((first, stop) for first, stop in ranges if scored[0] < stop and first < scored[1])
    prompt_tokens = None if scored == (start, start + len(response)) else start
    return TokenizedCandidate((*before, *response), scored, holes=holes, prompt_tokens=prompt_tokens)


@dataclass(frozen=True, slots=True)
class TokenizedExample:
    """One example's rows in the order of its candidates."""

    id: str
    candidates: tuple[TokenizedCandidate, ...]
    identical: bool
    """All of two or more candidates have the same tokens and the same scored range."""
    columns: Mapping[str, Column]
    """The example's columns, its ratings as `score`, its label as `label` (1 up, 0 down)."""
    spared: str | None = None
    """Why training would have dropped it, where everything is kept."""
    roles: tuple[str, ...] | None = None
    """[K] what each candidate is, where the data say so."""
    places: tuple[int, ...] | None = None
    """[K] which of the example's candidates these are, where some were taken by role."""

    def taking(self, roles: Sequence[str]) -> TokenizedExample:
        """The example with the candidates of these roles, in this order; as it is where that changes nothing.

        Raises:
            BenchError: the example has more or fewer candidates of a role than are taken.
        """
        known = self.roles or known_roles(len(self.candidates))
        if not roles or known == tuple(roles):
            return self
        places = taken_places(known, roles)
        if places is None:
            raise BenchError(
                f"example {self.id}: expected as many candidates of each role as in {', '.join(roles)}, found "
                f"{', '.join(known) or f'{len(self.candidates)} candidates without roles'}; give such an example the "
                "roles, or leave it out"
            )
        columns = {n: tuple(c[k] for k in places) if isinstance(c, tuple) else c for n, c in self.columns.items()}
        candidates = tuple(self.candidates[k] for k in places)
        return replace(self, candidates=candidates, columns=columns, roles=tuple(roles), places=places)


@dataclass(frozen=True)
class TokenizationReport:
    """Counts over the examples that were kept, unless said otherwise."""

    examples_read: int = 0
    examples: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Examples left out, by reason."""
    spared: Mapping[str, int] = field(default_factory=dict)
    """Examples kept although training would have dropped them, by reason."""
    identical: int = 0
    """Examples whose candidates are the same tokens, whole."""
    cut_to_the_same_tokens: int = 0
    """Examples whose candidates are the same tokens, some of them cut, with something of each left."""
    empty_after_truncation: int = 0
    """Examples with a candidate that was cut and has no scored token left."""
    truncated: int = 0
    """Candidates; so are the following."""
    empty: int = 0
    overlong: int = 0
    boundary_retokenised: int = 0
    """Of those read: tokenised apart from the prompt, since the joint text merged tokens across the boundary."""
    eos_inside: int = 0
    """Of those read: the EOS token stands in the response before its end."""
    masked: int = 0
    """Response tokens of those read that are in a hole and so not scored, after truncation."""
    empty_after_masking: int = 0
    """Of those read: every response token that truncation left is in a hole."""
    unclosed_spans: int = 0
    """Spans of those read that a marker of `masked_spans` begins and, since the other is missing, the end ends."""
    control_in_text: int = 0
    """Turns and responses of those read whose own text holds a control token of the tokenizer, which is read as one."""
    lost_characters: int = 0
    """Distinct characters of the rendered texts that the tokenizer has no token for."""
    changed_characters: int = 0
    """Distinct characters of the rendered texts that its normaliser makes into others."""
    prompt_tokens: Lengths = Lengths(0.0, 0)
    """Of the candidates read, before truncation, BOS included."""
    response_tokens: Lengths = Lengths(0.0, 0)
    """Of the candidates read, before truncation, EOS included."""

    def as_json(self) -> dict[str, Any]:
        """Plain values for a file or a table."""
        return asdict(self) | {
            "prompt_tokens": self.prompt_tokens._asdict(),
            "response_tokens": self.response_tokens._asdict(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TokenizationReport:
        """The report that `as_json` wrote."""
        lengths = {name: Lengths(**values[name]) for name in ("prompt_tokens", "response_tokens")}
        return cls(**{**values, **lengths})


@dataclass(frozen=True)
class Tokenized:
    """What a stage reads."""

    examples: Sequence[TokenizedExample]
    report: TokenizationReport
