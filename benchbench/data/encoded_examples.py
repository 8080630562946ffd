"""Examples as token ids, not yet cut: rendered and encoded block by block, with the numbers of their spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.data.encode import Encoded, Encoder, Ids
from benchbench.data.render import Rendered, Renderer
from benchbench.data.spans import CandidateSpans, Values, candidate_spans, shift_of, token_values
from benchbench.recipe.training import MaskedSpanSection

_EXAMPLES_AT_A_TIME = 1024


@dataclass(frozen=True)
class EncodedExample:
    """One example as text and ids: one prompt with all responses, or each response with its own."""

    example: Example
    rendered: Sequence[Rendered]
    encoded: Sequence[Encoded]
    marks: Sequence[Mapping[str, Values]]
    """[K] name of spans -> for each response token its number."""
    unclosed: int = 0
    """Spans between markers whose end marker is missing."""

    @property
    def rows(self) -> list[tuple[Ids, Ids]]:
        """[K] prompt and response."""
        return [(part.prompt, response) for part in self.encoded for response in part.responses]

    @property
    def texts(self) -> Iterator[str]:
        """Every turn that is read, and every response."""
        prompts = (self.example.prompt,) if self.example.prompts is None else dict.fromkeys(self.example.prompts)
        yield from (message.content for prompt in prompts for message in prompt)
        yield from self.example.candidates


def encode_examples(
    examples: Sequence[Example], encoder: Encoder, render: Renderer, markers: Sequence[MaskedSpanSection] = ()
) -> Iterator[EncodedExample]:
    """Block by block, each while the one before it is worked on: a tokenizer computes without Python's lock.

    Templates run in the calling thread, where their limits of time hold, and while no block is being encoded, whose
    memory would count against their limit.

    Raises:
        BenchError: a template refuses an example, or writes a response with spans otherwise than it is.
    """
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming: Future[list[EncodedExample]] | None = None
        for at in range(0, len(examples), _EXAMPLES_AT_A_TIME):
            ready = [] if coming is None else coming.result()
            block = examples[at : at + _EXAMPLES_AT_A_TIME]
            rendered = [_render(example, render) for example in block]
            coming = ahead.submit(_block, block, rendered, encoder, markers)
            yield from ready
        if coming is not None:
            yield from coming.result()


def _block(
    examples: Sequence[Example],
    rendered: Sequence[Sequence[Rendered]],
    encoder: Encoder,
    markers: Sequence[MaskedSpanSection],
) -> list[EncodedExample]:
    encoded = iter(encoder.encode([part for parts in rendered for part in parts]))
    encoded_block: list[EncodedExample] = []
    for example, parts in zip(examples, rendered, strict=True):
        spans, unclosed = candidate_spans(example, markers) if example.spans or markers else ([], 0)
        ids = [next(encoded) for _ in parts]
        marks = _marks(example, parts, ids, spans, encoder) if any(spans) else [{} for _ in example.candidates]
        encoded_block.append(EncodedExample(example, parts, ids, marks, unclosed))
    return encoded_block


def _render(example: Example, render: Renderer) -> list[Rendered]:
    try:
        if example.prompts is None:
            return [render(example.prompt, example.candidates)]
        return [render(prompt, [text]) for prompt, text in zip(example.prompts, example.candidates, strict=True)]
    except BenchError as error:
        raise BenchError(f"example {example.id}: {error}", exit_code=error.exit_code) from None


def _marks(
    example: Example,
    rendered: Sequence[Rendered],
    encoded: Sequence[Encoded],
    spans: Sequence[CandidateSpans],
    encoder: Encoder,
) -> list[Mapping[str, Values]]:
    """The numbers of each response's tokens, by name of the spans."""
    written = [(part.prompt, response) for part in rendered for response in part.responses]
    responses = [ids for part in encoded for ids in part.responses]
    marks: list[Mapping[str, Values]] = []
    try:
        for named, text, (prompt, response), ids in zip(spans, example.candidates, written, responses, strict=True):
            offsets = encoder.offsets(prompt, response, ids) if named else ()
            shift = shift_of(text, response) if named else 0
            marks.append({name: token_values(rows, offsets, shift=shift) for name, rows in named.items()})
    except BenchError as error:
        raise BenchError(f"example {example.id}: {error}", exit_code=error.exit_code) from None
    return marks
