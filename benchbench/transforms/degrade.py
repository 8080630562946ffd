"""Responses with part of their content removed, at several degrees: worse by construction, without an annotator.

Degree d removes the share `removed[d - 1]` of the keywords (RAKE, `data.keywords`), the highest scores first, or of all
words, drawn at random.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from benchbench.core.example import Column, Example
from benchbench.core.method import Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, with_candidates
from benchbench.data.keywords import keywords, without_words
from benchbench.data.preference_order import P_CHOSEN

TITLE = "Self-supervised Preference Optimization: Enhance Your Language Model with Preference Degree Awareness"
DEGRADED = "degraded"
"""Role of a copy among candidates."""


@dataclass(frozen=True)
class Options:
    """What is removed, and what is made of it.

    Raises:
        ValueError: shares that do not rise within (0, 1].
    """

    how: Literal["keywords", "words"] = "keywords"
    """Remove every occurrence of the best keywords, or words drawn at random."""
    removed: list[float] = field(default_factory=lambda: [0.25, 0.5, 0.75])
    """Share of the keywords (or words) that each degree removes, rising, in (0, 1]; rounded up."""
    form: Literal["pairs", "candidates"] = "pairs"
    """`pairs`: the first candidate against each degraded copy of it, `ID-1`, `ID-2`, ...; `candidates`: every
    candidate, then the degraded copies of each."""

    def __post_init__(self) -> None:
        rising = sorted({*self.removed}) == self.removed
        if not self.removed or not rising or not 0 < self.removed[0] <= self.removed[-1] <= 1:
            raise ValueError(f"removed: expected rising shares in (0, 1], got {self.removed}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs or longer lists of candidates with the column `degree`: 0 as it was, 1, 2, ... degraded.

    Ratings and other columns per candidate are missing for degraded copies; `p_chosen` and spans are left out. Among
    candidates of known roles a copy has the role `degraded`.
    """

    def rule(example: Example) -> Sequence[Example] | str:
        places = range(len(example.candidates) if options.form == "candidates" else 1)
        copies = [_degraded(example, place, options, seed) for place in places]
        if not all(copies):
            return "nothing to remove"
        if not all(text.strip() for texts in copies for text in texts):
            return "nothing left of a response"
        if options.form == "candidates":
            degrees = [*range(1, len(options.removed) + 1)] * len(places)
            return [_beside(example, [text for texts in copies for text in texts], degrees, example.id)]
        first = with_candidates(example, (0,))
        return [_beside(first, [text], [degree], f"{example.id}-{degree}") for degree, text in enumerate(copies[0], 1)]

    return expand(examples, rule)


def _degraded(example: Example, place: int, options: Options, seed: int) -> list[str]:
    """The copies of one candidate, by degree; none where there is nothing to remove."""
    text = example.candidates[place]
    words = [word.lower() for word in re.findall(r"\w+", text)]
    if options.how == "keywords":
        ranked = keywords(text)
        order = [[at for at, word in enumerate(words) if word == keyword] for keyword in ranked]
    else:
        order = [[at] for at in draws_of(seed, f"degrade {place}", example).permutation(len(words)).tolist()]
    sizes = [math.ceil(share * len(order)) for share in options.removed]
    removed = [{at for places in order[:size] for at in places} for size in sizes]
    return [without_words(text, places) for places in removed if places]


def _beside(example: Example, copies: Sequence[str], degrees: Sequence[int], name: str) -> Example:
    """The example with degraded copies after its candidates."""
    missing = (math.nan,) * len(copies)
    columns: dict[str, Column] = {
        column: (*value, *missing) if isinstance(value, tuple) else value
        for column, value in example.columns.items()
        if column != P_CHOSEN
    }
    columns["degree"] = (*[0.0] * len(example.candidates), *map(float, degrees))
    ratings, prompts, each = example.ratings, example.prompts, len(copies) // len(example.candidates)
    roles = example.known_roles if len(example.candidates) > 1 else ()  # a response and its copy are a pair
    return replace(
        example,
        id=name,
        roles=(*roles, *[DEGRADED] * len(copies)) if roles else None,
        prompts=prompts and (*prompts, *[prompts[k // each] for k in range(len(copies))]),
        spans={},
        candidates=(*example.candidates, *copies),
        ratings=None if ratings is None else (*ratings, *missing),
        columns=columns,
    )


TRANSFORM = Transform(
    name="degrade",
    options=Options,
    apply=apply,
    makes_columns=("degree",),
    makes_parts=(DEGRADED,),
    sets_order=lambda options: options.form == "pairs",
    random=True,
    paper=Paper("Li et al.", 2024, arxiv="2409.17791", title=TITLE),
    version=2,
    open_question="Degrees, shares and the keyword method's settings were not verified; lijian16/SPO was not found.",
)
