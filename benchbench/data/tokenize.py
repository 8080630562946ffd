"""Examples to token rows with their scored ranges, and a count of everything that was cut, dropped or flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.data.audit import Lengths
from benchbench.data.column_shape import columns_of
from benchbench.data.encode import Encoded, Encoder, plain_characters, unkept_characters
from benchbench.data.render import Rendered, Renderer, renderer
from benchbench.data.tokenized import TokenizationReport, Tokenized, TokenizedCandidate, TokenizedExample
from benchbench.data.tokenizer import id_bound
from benchbench.data.truncate import Cut, cut
from benchbench.data.turn_end import spelled
from benchbench.recipe.schema import TokenizationSection

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VERSION = 1
"""Raised by hand when the same examples, tokenizer and section give other tokens, ranges or flags."""
LONG_PROMPT = "prompt longer than max_prompt_length"
OVER_LENGTH = "longer than max_length"
NO_RESPONSE = "a candidate without a response token"
_EXAMPLES_AT_A_TIME = 1024
_Block = list[tuple[Example, Rendered, Encoded]]


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
    rows: list[TokenizedExample] = []
    reasons, slips = Counter[str](), Counter[str]()
    lengths: list[tuple[int, int]] = []
    characters, control = set[str](), spelled(tokenizer)
    dtype = np.uint16 if id_bound(tokenizer) < 1 << 16 else np.uint32
    special = tokenizer.all_special_tokens
    for example, rendered, encoded in _encode(examples, encoder, renderer(section, tokenizer, folder=folder)):
        characters |= plain_characters(rendered, special)
        lengths.extend((len(encoded.prompt), len(response)) for response in encoded.responses)
        slips.update(boundary_retokenised=encoded.retokenised, eos_inside=encoded.eos_inside)
        texts = (*(message.content for message in example.prompt), *example.candidates)
        slips.update(control_in_text=sum(control.search(text) is not None for text in texts))
        reason = _unfit(example, encoded, section)
        cuts = [cut(encoded.prompt, r, section, bos=encoder.bos is not None) for r in encoded.responses]
        reason = reason or _no_response(example, cuts, on_empty)
        reasons.update([reason] if reason else [])
        if reason is None or keep_all:
            rows.append(_row(example, cuts, dtype, reason))
    unkept = unkept_characters(tokenizer, characters)
    slips.update(lost_characters=unkept.lost, changed_characters=unkept.changed)
    prompts, responses = ([length[i] for length in lengths] for i in (0, 1))
    report = TokenizationReport(
        examples_read=len(examples),
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


def _encode(
    examples: Sequence[Example], encoder: Encoder, render: Renderer
) -> Iterator[tuple[Example, Rendered, Encoded]]:
    """Block by block, each while the one before it is worked on: a tokenizer computes without Python's lock."""

    def block(at: int) -> _Block:
        part = examples[at : at + _EXAMPLES_AT_A_TIME]
        rendered = [_render(example, render) for example in part]
        return list(zip(part, rendered, encoder.encode(rendered), strict=True))

    with ThreadPoolExecutor(max_workers=1) as ahead:
        ready = None
        for at in range(0, len(examples), _EXAMPLES_AT_A_TIME):
            coming = ahead.submit(block, at)
            if ready is not None:
                yield from ready.result()
            ready = coming
        if ready is not None:
            yield from ready.result()


def _render(example: Example, render: Renderer) -> Rendered:
    try:
        return render(example.prompt, example.candidates)
    except BenchError as error:
        raise BenchError(f"example {example.id}: {error}", exit_code=error.exit_code) from None


def _unfit(example: Example, encoded: Encoded, section: TokenizationSection) -> str | None:
    """Why the settings leave this example out by its length, if they do."""
    if section.max_prompt_length is not None and len(encoded.prompt) > section.max_prompt_length:
        return LONG_PROMPT
    longest = len(encoded.prompt) + max(len(response) for response in encoded.responses)
    if longest <= section.max_length:
        return None
    if section.truncation == "error":
        raise BenchError(
            f"example {example.id}: {longest} tokens, more than max_length {section.max_length}; "
            "raise it, or choose truncation right, left or drop"
        )
    return OVER_LENGTH if section.truncation == "drop" else None


def _no_response(example: Example, cuts: Sequence[Cut], on_empty: str) -> str | None:
    if on_empty == "keep_constant" or all(begin < end for _, (begin, end), _, _ in cuts):
        return None
    if on_empty == "error":
        raise BenchError(
            f"example {example.id}: a candidate has no response token left; "
            "choose on_empty_response drop or keep_constant"
        )
    return NO_RESPONSE


def _row(example: Example, cuts: Sequence[Cut], dtype: Any, spared: str | None) -> TokenizedExample:
    candidates = tuple(
        TokenizedCandidate(
            tokens=np.fromiter(cut.tokens, dtype, len(cut.tokens)),
            response=cut.response,
            truncated=cut.truncated,
            empty=not text.strip() or cut.response[0] >= cut.response[1],
            overlong=cut.overlong,
        )
        for text, cut in zip(example.candidates, cuts, strict=True)
    )
    first, *others = cuts
    identical = bool(others) and all((cut.tokens, cut.response) == (first.tokens, first.response) for cut in others)
    return TokenizedExample(example.id, candidates, identical, columns_of(example), spared)
