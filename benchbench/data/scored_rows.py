"""One candidate's token row: cut to length, with the tokens that are scored, its holes and its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from benchbench.core.example import MASK
from benchbench.data.encode import Ids
from benchbench.data.spans import Run, Values, runs
from benchbench.data.truncate import Cut, cut
from benchbench.recipe.schema import TokenizationSection

Range = tuple[int, int]


class ScoredRow(NamedTuple):
    """A row within the limit, and what of it is scored."""

    cut: Cut
    scored: Range
    """Half-open range from the first scored token to the last one; empty where none is."""
    holes: tuple[Range, ...] = ()
    """Ranges inside of it that are not scored, in order."""
    weights: Mapping[str, tuple[Run, ...]] = {}
    masked: int = 0
    """Response tokens that holes took out of what is scored."""
    masked_whole: bool = False
    """Holes have every response token that was left."""

    @property
    def has_response(self) -> bool:
        """Whether a token of the response is scored."""
        return self.scored[0] < self.scored[1]


def score_row(
    prompt: Ids, response: Ids, marks: Mapping[str, Values], section: TokenizationSection, *, bos: bool
) -> ScoredRow:
    """Cut a sequence and find its scored tokens.

    Args:
        prompt: token ids, BOS included.
        response: token ids, EOS included.
        marks: name of spans -> for each response token its number, none where no span has it.
        section: `max_length`, `truncation`, and whether the prompt is scored (`scored: all`), which it is beside
            a response alone: a row without a scored response token has no scored token at all.
        bos: the sequence begins with BOS, which a cut on the left keeps.
    """
    whole = cut(prompt, response, section, bos=bos)
    begin, end = whole.response
    at = {name: _kept(prompt, values, section, bos=bos) for name, values in marks.items()}
    masked = at.pop(MASK, [None] * len(whole.tokens))
    open_places = [place for place in range(begin, end) if masked[place] is None]
    count = end - begin - len(open_places)
    if not open_places:
        return ScoredRow(whole, (begin, begin) if count else whole.response, masked=count, masked_whole=count > 0)
    # the first token of a row has no score, since nothing precedes it
    first = min(1, begin) if section.scored == "all" else open_places[0]
    last = open_places[-1] + 1
    holes = tuple((start, stop) for start, stop, _ in runs(masked) if first < stop and start < last)
    weights = {name: stretches for name, values in at.items() if (stretches := runs(values))}
    return ScoredRow(whole, (first, last), holes, weights, count)


def _kept(prompt: Ids, values: Values, section: TokenizationSection, *, bos: bool) -> Values:
    """The numbers of the tokens that a cut leaves, none for the prompt's."""
    start = len(prompt)
    places = cut(list(range(start)), list(range(start, start + len(values))), section, bos=bos).tokens
    return [values[place - start] if place >= start else None for place in places]
