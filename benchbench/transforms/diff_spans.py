"""Where the two responses of a pair differ, by an alignment of their words.

For losses that weigh the tokens in which a response was edited. Every word that the other response does not have there
is a span `unchanged` of weight 0; all other text has weight 1. Beside it stand, as columns, the span from the first to
the last such word and the number of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from benchbench.core.example import Example, Span
from benchbench.core.method import Candidates, Paper
from benchbench.core.ranges import require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_columns

UNCHANGED = "unchanged"
"""Name of the spans."""
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Options:
    """Which pairs are left out.

    Raises:
        ValueError: a share outside [0, 1].
    """

    max_changed_fraction: float = 1.0
    """Largest share of the words of either response that may differ, in [0, 1]; pairs with more are left out, for they
    are two texts and no edit of one."""

    def __post_init__(self) -> None:
        require_within(self, "max_changed_fraction", "[0, 1]", what="share")


def changed_words(first: str, second: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Start and end, in characters, of every word (or mark) of each text that has no partner in the other."""
    words = [[(match[0], match.span()) for match in _WORD.finditer(text)] for text in (first, second)]
    matcher = SequenceMatcher(None, *([word for word, _ in side] for side in words), autojunk=False)
    changed: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag != "equal":
            changed[0].extend(span for _, span in words[0][a:a_end])
            changed[1].extend(span for _, span in words[1][b:b_end])
    return changed


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs with spans `unchanged`, and `span_start`, `span_end`, `span_words` per candidate.

    Places are in characters, both 0 where nothing differs. The seed is not read.
    """

    def rule(example: Example) -> Sequence[Example] | str:
        changed = changed_words(*example.candidates)
        if not any(changed):
            return "same words in both responses"
        counts = [len(_WORD.findall(text)) for text in example.candidates]
        if any(len(c) > options.max_changed_fraction * n for c, n in zip(changed, counts, strict=True)):
            return "more words differ than max_changed_fraction"
        spans = tuple(tuple(Span(start, end, 0.0) for start, end in words) for words in changed)
        return [
            with_columns(
                replace(example, spans={**example.spans, UNCHANGED: spans}),
                span_start=tuple(float(spans[0][0]) if spans else 0.0 for spans in changed),
                span_end=tuple(float(spans[-1][1]) if spans else 0.0 for spans in changed),
                span_words=tuple(float(len(spans)) for spans in changed),
            )
        ]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="diff_spans",
    options=Options,
    apply=apply,
    makes_columns=("span_start", "span_end", "span_words"),
    makes_parts=(UNCHANGED,),
    version=2,
    candidates=Candidates.PAIR,
    paper=Paper(
        "Jiang et al.",
        2024,
        arxiv="2408.07471",
        title="Bridging and Modeling Correlations in Pairwise Data for Direct Preference Optimization",
    ),
    open_question="The paper aligns tokens and weighs each; here words are aligned, and stop words count as well.",
)
