"""Retrieved documents before the prompt, and pairs for what an answer should make of them (PA-RAG).

Of the two documents one holds the preferred response to the prompt, the other that to another prompt. Their order is
drawn. The stages of PA-RAG differ in what the rejected response does wrong: it makes less of the document that helps
(`informativeness`), it says what the other document says (`robustness`), or it names the wrong one (`citation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Paper
from benchbench.core.ranges import require, require_at_least
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, with_candidates, with_text_before_prompts, without_columns

PLACE = "{n}"


@dataclass(frozen=True)
class Options:
    """What the pairs teach, and what documents look like.

    Raises:
        ValueError: no aspect of these, a document of no word, or a form without the place of its number.
    """

    aspect: Literal["informativeness", "robustness", "citation"] = "informativeness"
    """`informativeness`: the pair of the data; `robustness`: the preferred response before what the other document
    says; `citation`: the preferred response with the number of its document before the same with the other's."""
    words: int = 12
    """Words of a document at most, its first ones, >= 1."""
    document: str = "{n} :"
    """What stands before a document; `{n}` is its number, 1 or 2."""
    citation: str = "{n}"
    """What stands behind a response that names its document, after a space."""

    def __post_init__(self) -> None:
        require(self.aspect in ("informativeness", "robustness", "citation"), "aspect", "one of its three", self.aspect)
        require_at_least(self, 1, "words")
        for name in ("document", "citation"):
            require(PLACE in getattr(self, name), name, f"a text with {PLACE}", repr(getattr(self, name)))


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair behind two documents, the other one of the next example whose preferred response differs."""
    others = {example.id: _other(examples, place) for place, example in enumerate(examples)}

    def rule(example: Example) -> Sequence[Example] | str:
        if (other := others[example.id]) is None:
            return "no other document"
        golden = int(draws_of(seed, "retrieved_documents", example).integers(2)) + 1
        documents = {golden: _document(example.candidates[0], options), 3 - golden: _document(other, options)}
        text = "\n".join(f"{options.document.replace(PLACE, str(n))} {documents[n]}" for n in (1, 2))
        return [with_text_before_prompts(_pair(example, other, golden, options), text, "user")]

    return expand(examples, rule)


def _other(examples: Sequence[Example], place: int) -> str | None:
    """The preferred response to the next prompt, round and round, that is another one."""
    mine = examples[place].candidates[0]
    following = (examples[(place + step) % len(examples)].candidates[0] for step in range(1, len(examples)))
    return next((text for text in following if text != mine), None)


def _document(text: str, options: Options) -> str:
    return " ".join(text.split()[: options.words])


def _pair(example: Example, other: str, golden: int, options: Options) -> Example:
    if options.aspect == "informativeness":
        return with_candidates(example, (0, 1))
    right = example.candidates[0]
    named = [f"{right} {options.citation.replace(PLACE, str(n))}" for n in (golden, 3 - golden)]
    candidates = (right, other) if options.aspect == "robustness" else tuple(named)
    return replace(without_columns(example), candidates=candidates)


TRANSFORM = Transform(
    name="retrieved_documents",
    options=Options,
    apply=apply,
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2412.14510",
        title="PA-RAG: RAG Alignment via Multi-Perspective Preference Optimization",
        note="From a summary: three stages of DPO in this order.",
    ),
    open_question="How the paper grades documents and makes its pairs, and its form of citations, were not read.",
)
