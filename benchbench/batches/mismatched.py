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
    return replace(example, candidates=tuple(_row(asker, answerer, longest) for asker, answerer in pairs))


def _row(asker: TokenizedCandidate, answerer: TokenizedCandidate, longest: int) -> TokenizedCandidate:
    """One's prompt and the other's response; its holes come along, and a prompt is context, also where it is scored."""
    prompt, start = list(asker.tokens[: asker.prompt_length]), answerer.prompt_length
    tokens = (prompt + list(answerer.tokens[start : answerer.response[1]]))[: max(longest, len(prompt) + 1)]
    shift = len(prompt) - start
    first = min(len(tokens), max(len(prompt), answerer.response[0] + shift))
    holes = ((begin + shift, min(end + shift, len(tokens))) for begin, end in answerer.holes)
    kept_holes = tuple((begin, end) for begin, end in holes if max(first, begin) < end)
    return TokenizedCandidate(tokens, (first, len(tokens)), holes=kept_holes)
