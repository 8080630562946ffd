"""An example as a model reads it, for a terminal: texts, tokens, and by signs and colours what becomes of each.

The signs alone say everything, so that nothing is lost where there is no colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len

from benchbench.core.example import MASK, Example
from benchbench.core.shown_text import visible
from benchbench.data.reading import CUT, MASKED, READ, SCORED, ReadCandidate, ReadExample, ReadToken
from benchbench.recipe.schema import TokenizationSection
from benchbench.report.terminal import wrapped_text

Part = tuple[str, str]
"""Text and its style in a terminal with colours."""
Line = Sequence[Part]
SIGNS = {READ: ("", ""), SCORED: ("[", "]"), MASKED: ("(", ")"), CUT: ("{", "}")}
"""Fate of tokens -> what stands around a run of them."""
STYLES = {READ: "cyan", SCORED: "bold green", MASKED: "yellow", CUT: "red strike"}
LEGEND = "tokens: | between two; [scored], (of the response, read and not scored), {cut off}, no sign: read as context"
BETWEEN = "|"
INDENT = "  "


def reading_line(section: TokenizationSection) -> str:
    """How a stage tokenises, in a line."""
    parts = [f"at most {section.max_length} tokens, truncation {section.truncation}"]
    parts += [f"prompts of at most {section.max_prompt_length}"] if section.max_prompt_length is not None else []
    parts += [name for name, said in (("BOS in front", section.add_bos), ("EOS appended", section.append_eos)) if said]
    parts += ["the prompt is scored, too"] if section.scored == "all" else []
    starts = [marker.start or "the beginning" for marker in section.masked_spans]
    ends = [marker.end for marker in section.masked_spans]
    parts += [f"not scored from {start} to {end}" for start, end in zip(starts, ends, strict=True)]
    return ", ".join(parts)


def example_lines(read: ReadExample, width: int) -> Iterator[Line]:
    """Everything of one example.

    Args:
        read: the example.
        width: most columns of a line.
    """
    example = read.example
    for said in (
        read.refused and f"refused: {read.refused}",
        read.left_out and f"left out of training: {read.left_out}",
    ):
        if said:
            yield from _plain(said, width, style="bold red")
    for line in facts(example):
        yield from _plain(line, width)
    shared = _shared_prompt(read.candidates)
    if shared is not None:
        whose = {1: "", 2: " of both candidates"}.get(
            len(read.candidates), f" of all {len(read.candidates)} candidates"
        )
        yield from _side(f"prompt{whose}", shared, shared.prompt, of_prompt=True, width=width)
    for place, candidate in enumerate(read.candidates):
        name = candidate.role or f"candidate {place}"
        if shared is None:
            yield from _side(f"prompt of {name}", candidate, candidate.prompt, of_prompt=True, width=width)
        yield from _side(name, candidate, candidate.response, of_prompt=False, width=width)
        for spans, values in _spans(example, place).items():
            yield from _plain(f"{INDENT}spans {spans}: {values}", width)


def facts(example: Example) -> Iterator[str]:
    """What the data say of an example beside its texts."""
    if example.ratings is not None:
        yield f"ratings: {', '.join(map(_number, example.ratings))}"
    if example.label is not None:
        yield f"label: {str(example.label).lower()}"
    for name, value in example.columns.items():
        values = value if isinstance(value, tuple) else (value,)
        yield f"column {name}: {', '.join(map(_number, values))}"


def _shared_prompt(candidates: Sequence[ReadCandidate]) -> ReadCandidate | None:
    """Any candidate, where all have one prompt of which all read the same."""
    prompts = {(c.prompt, tuple((t.id, t.fate) for t in c.tokens if t.is_prompt)) for c in candidates}
    return candidates[0] if len(prompts) == 1 else None


def _side(name: str, candidate: ReadCandidate, text: str, *, of_prompt: bool, width: int) -> Iterator[Line]:
    """The prompt or the response of a candidate: how many tokens, its text, its tokens."""
    tokens = [token for token in candidate.tokens if token.is_prompt == of_prompt]
    counts = {fate: candidate.count(fate, of_prompt=of_prompt) for fate in (SCORED, MASKED, CUT)}
    words = {SCORED: "scored", MASKED: "read and not scored", CUT: "cut off"}
    parts = [f"{count} {words[fate]}" for fate, count in counts.items() if count]
    yield [("", "")]
    yield [(f"{name}: {', '.join([f'{len(tokens)} tokens', *parts])}", "bold")]
    for line in wrapped_text(text, max(8, width - len(INDENT))):
        yield [(f"{INDENT}{line}", "")]
    for line in token_lines(tokens, width - len(INDENT)):
        yield [(INDENT, ""), *line]


def token_lines(tokens: Sequence[ReadToken], width: int) -> Iterator[Line]:
    """Tokens in lines: a bar between two, signs around runs of one fate and weight; no token is parted by a line."""
    line: list[Part] = []
    used = 0
    for piece in _pieces(tokens):
        size = sum(cell_len(text) for text, _ in piece)
        if line and used + size > width:
            yield line
            line, used = [], 0
        line += piece
        used += size
    if line:
        yield line


def _pieces(tokens: Sequence[ReadToken]) -> Iterator[Line]:
    """One piece per token: its text, the bar before it, and the signs where a run begins or ends."""
    is_first = True
    for (fate, weights), run in groupby(tokens, key=lambda token: (token.fate, tuple(sorted(token.weights.items())))):
        members = list(run)
        (opening, closing), style = SIGNS[fate], STYLES[fate]
        weighed = "".join(f"*{value:g}" for _, value in weights)
        for place, token in enumerate(members):
            before = "" if is_first and not place else BETWEEN
            piece: list[Part] = [(before, "dim")] if before else []
            piece.append((opening if place == 0 else "", style))
            piece.append((visible(token.text), style))
            piece.append((closing + weighed if place == len(members) - 1 else "", style))
            yield [(text, how) for text, how in piece if text]
            is_first = False


def _spans(example: Example, place: int) -> dict[str, str]:
    """Name -> the spans of one candidate's characters, in words."""
    named = {name: rows[place] for name, rows in example.spans.items() if rows[place]}
    return {
        name: ", ".join(
            f"characters {start} to {end}" + ("" if name == MASK else f" {value:g}") for start, end, value in spans
        )
        for name, spans in named.items()
    }


def _plain(text: str, width: int, *, style: str = "") -> Iterable[Line]:
    return [[(line, style)] for line in wrapped_text(text, width)]


def _number(value: float) -> str:
    return "missing" if math.isnan(value) else f"{value:g}"
