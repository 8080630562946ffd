"""Examples to token rows with their scored ranges, and a count of everything that was cut, dropped or flagged."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.data.audit import Lengths
from benchbench.data.column_shape import columns_of
from benchbench.data.encode import Characters, Encoder, unkept_characters
from benchbench.data.encoded_examples import EncodedExample, encode_examples
from benchbench.data.render import renderer
from benchbench.data.scored_rows import ScoredRow, score_row
from benchbench.data.tokenized import TokenizationReport, Tokenized, TokenizedCandidate, TokenizedExample
from benchbench.data.tokenizer import id_bound
from benchbench.data.turn_end import spelled
from benchbench.recipe.schema import TokenizationSection

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VERSION = 1
"""Raised by hand when the same examples, tokenizer and section give other tokens, ranges or flags."""
LONG_PROMPT = "prompt longer than max_prompt_length"
OVER_LENGTH = "longer than max_length"
NO_RESPONSE = "a candidate without a response token"
MASKED_WHOLE = "a candidate whose response tokens are all masked"


def tokenize_examples(
    examples: Sequence[Example],
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    on_empty: Literal["drop", "keep_constant", "error"],
    keep_all: bool = False,
    folder: Path = Path(),
) -> Tokenized:
    """Render, tokenise and cut.

    Args:
        examples: of one split.
        tokenizer: a fast one.
        section: `max_length` and `truncation` are the stage's, where it names its own.
        on_empty: what becomes of an example with a candidate that has no scored token (an appended EOS is one).
        keep_all: never drop, as held-out scoring needs it; an example that training would have dropped says why
            in `spared`, and a sequence that `truncation: drop` refuses has an empty scored range.
        folder: of the recipe file, for `chat_template`.

    Raises:
        BenchError: truncation or `on_empty` is `error` and an example calls for it; no template; no BOS or EOS.
    """
    encoder = Encoder.of(tokenizer, add_bos=section.add_bos, append_eos=section.append_eos)
    characters, control = Characters(tokenizer.all_special_tokens), spelled(tokenizer)
    render = renderer(section, tokenizer, folder=folder)
    controls = 0

    def seen() -> Iterator[EncodedExample]:
        nonlocal controls
        for encoded in encode_examples(examples, encoder, render, section.masked_spans):
            for rendered in encoded.rendered:
                characters.add(rendered)
            controls += sum(control.search(text) is not None for text in encoded.texts)
            yield encoded

    tokenized = token_rows(seen(), tokenizer, section, on_empty=on_empty, keep_all=keep_all)
    unkept = unkept_characters(tokenizer, characters.seen)
    texts = {"lost_characters": unkept.lost, "changed_characters": unkept.changed, "control_in_text": controls}
    return replace(tokenized, report=replace(tokenized.report, **texts))


def token_rows(
    encoded_examples: Iterable[EncodedExample],
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    on_empty: Literal["drop", "keep_constant", "error"],
    keep_all: bool = False,
) -> Tokenized:
    """Cut, with everything counted that ids alone tell.

    Args:
        encoded_examples: of one split, as ids; nothing of them is encoded here.
        tokenizer: whose ids they are.
        section: as for `tokenize_examples`.
        on_empty: as for `tokenize_examples`.
        keep_all: as for `tokenize_examples`.

    Raises:
        BenchError: truncation or `on_empty` is `error` and an example calls for it.
    """
    rows: list[TokenizedExample] = []
    reasons, slips = Counter[str](), Counter[str]()
    lengths: list[tuple[int, int]] = []
    read = 0
    dtype = np.uint16 if id_bound(tokenizer) < 1 << 16 else np.uint32
    for encoded in encoded_examples:
        read += 1
        example = encoded.example
        lengths.extend((len(prompt), len(response)) for prompt, response in encoded.rows)
        slips.update(_slips(encoded))
        reason = _unfit(encoded, section)
        scored_rows = [
            score_row(*ids, marks, section, bos=section.add_bos)
            for ids, marks in zip(encoded.rows, encoded.marks, strict=True)
        ]
        slips.update(
            masked=sum(row.masked for row in scored_rows),
            empty_after_masking=sum(row.masked_whole for row in scored_rows),
        )
        reason = reason or _no_response(example, scored_rows, on_empty)
        reasons.update([reason] if reason else [])
        if reason is None or keep_all:
            rows.append(_row(example, scored_rows, dtype, reason))
    prompts, responses = ([length[i] for length in lengths] for i in (0, 1))
    report = TokenizationReport(
        examples_read=read,
        dropped={} if keep_all else dict(reasons),
        spared=dict(reasons) if keep_all else {},
        prompt_tokens=Lengths.of(prompts),
        response_tokens=Lengths.of(responses),
        **_flags(rows),
        **slips,
    )
    return Tokenized(tuple(rows), report)


def _flags(rows: Sequence[TokenizedExample]) -> dict[str, int]:
    candidates = [candidate for row in rows for candidate in row.candidates]
    emptied = [any(c.truncated and c.response[0] >= c.response[1] for c in row.candidates) for row in rows]
    alike = [row.identical and not gone for row, gone in zip(rows, emptied, strict=True)]
    cut_alike = sum(
        is_alike and any(c.truncated for c in row.candidates) for row, is_alike in zip(rows, alike, strict=True)
    )
    return {
        "examples": len(rows),
        "identical": sum(alike) - cut_alike,
        "cut_to_the_same_tokens": cut_alike,
        "empty_after_truncation": sum(emptied),
        "truncated": sum(candidate.truncated for candidate in candidates),
        "empty": sum(candidate.empty for candidate in candidates),
        "overlong": sum(candidate.overlong for candidate in candidates),
    }


def _slips(encoded: EncodedExample) -> dict[str, int]:
    """What is remarkable in one example's ids, as the report counts it."""
    return {
        "boundary_retokenised": sum(part.retokenised for part in encoded.encoded),
        "eos_inside": sum(part.eos_inside for part in encoded.encoded),
        "unclosed_spans": encoded.unclosed,
    }


def _unfit(encoded: EncodedExample, section: TokenizationSection) -> str | None:
    """Why the settings leave this example out by its length, if they do."""
    if section.max_prompt_length is not None and max(len(p) for p, _ in encoded.rows) > section.max_prompt_length:
        return LONG_PROMPT
    longest = max(len(prompt) + len(response) for prompt, response in encoded.rows)
    if longest <= section.max_length:
        return None
    if section.truncation == "error":
        raise BenchError(
            f"example {encoded.example.id}: {longest} tokens, more than max_length {section.max_length}; "
            "raise it, or choose truncation right, left or drop"
        )
    return OVER_LENGTH if section.truncation == "drop" else None


def _no_response(example: Example, rows: Sequence[ScoredRow], on_empty: str) -> str | None:
    if on_empty == "keep_constant" or all(row.has_response for row in rows):
        return None
    masked = any(row.masked_whole for row in rows)
    if on_empty == "error":
        left = "of a candidate only masked tokens are left" if masked else "a candidate has no response token left"
        raise BenchError(f"example {example.id}: {left}; choose on_empty_response drop or keep_constant")
    return MASKED_WHOLE if masked else NO_RESPONSE


def _row(example: Example, rows: Sequence[ScoredRow], dtype: Any, spared: str | None) -> TokenizedExample:
    candidates = tuple(
        TokenizedCandidate(
            tokens=_ids(row.cut.tokens, dtype),
            response=row.scored,
            truncated=row.cut.truncated,
            empty=not text.strip() or not row.has_response,
            overlong=row.cut.overlong,
            holes=row.holes,
            weights=row.weights,
            prompt_tokens=None if row.scored == row.cut.response else row.cut.response[0],
        )
        for text, row in zip(example.candidates, rows, strict=True)
    )
    first, *others = ((row.cut.tokens, row.scored, row.holes, row.weights) for row in rows)
    identical = bool(others) and all(row == first for row in others)
    return TokenizedExample(example.id, candidates, identical, columns_of(example), spared, example.roles)


def _ids(tokens: Sequence[int], dtype: Any) -> np.ndarray:
    """As an array, in a quarter of the time that numpy takes by itself."""
    return np.frombuffer(array("I", tokens), np.uint32).astype(dtype)
