"""Over-long sequences: where they are cut, and which tokens still count as response."""

from __future__ import annotations

from typing import NamedTuple

from benchbench.data.encode import Ids
from benchbench.recipe.schema import TokenizationSection


class Cut(NamedTuple):
    """A sequence within the limit."""

    tokens: Ids
    response: tuple[int, int]
    """Half-open range of the scored tokens."""
    truncated: bool
    overlong: bool
    """The range is not that of the true response tokens left (`overlong_mask: untruncated_prompt`)."""


def cut(prompt: Ids, response: Ids, section: TokenizationSection, *, bos: bool) -> Cut:
    """Cut prompt + response to `max_length`.

    On the right the end goes, EOS too. On the left the beginning goes, but BOS stays where the sequence has one
    (`bos`). With truncation `drop` the sequence is cut on the right and nothing of it is scored; it is for
    sequences that are kept all the same.
    """
    tokens, start, limit = [*prompt, *response], len(prompt), section.max_length
    excess = len(tokens) - limit
    if excess <= 0:
        return Cut(tokens, (start, len(tokens)), False, False)
    if section.truncation == "right":
        return Cut(tokens[:limit], (min(start, limit), limit), True, False)
    if section.truncation == "drop":
        return Cut(tokens[:limit], (limit, limit), True, False)
    first = int(bos)
    exact = max(start - excess, first)
    begin = min(start, limit - 1) if section.overlong_mask == "untruncated_prompt" else exact
    return Cut(tokens[:first] + tokens[first + excess :], (begin, limit), True, begin != exact)
