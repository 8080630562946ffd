"""Mismatched rows: an example's prompt with the responses of another."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice

from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample


def mismatched(example: TokenizedExample, other: TokenizedExample, longest: int) -> TokenizedExample:
    """The example with another's responses, cut on the right where prompt and response are too long together.

    Args:
        example: whose prompts stand first.
        other: whose responses follow; taken in turn where it has fewer candidates.
        longest: tokens of a row at most.
    """
    responses = islice(cycle(other.candidates), len(example.candidates))
    pairs = zip(example.candidates, responses, strict=True)
    return replace(example, candidates=tuple(_row(own, taken, longest) for own, taken in pairs))


def _row(own: TokenizedCandidate, taken: TokenizedCandidate, longest: int) -> TokenizedCandidate:
    prompt = list(own.tokens[: own.response[0]])
    tokens = (prompt + list(taken.tokens[slice(*taken.response)]))[: max(longest, len(prompt) + 1)]
    return TokenizedCandidate(tokens, (len(prompt), len(tokens)))
