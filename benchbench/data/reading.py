"""One example as a model reads it: every token of every candidate, and what becomes of it.

The tokens and what is scored of them are those of `tokenize_examples`; which tokens a cut takes is asked of the same
function (`truncate.cut`), on the places of the uncut row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.data.encode import Encoder, Ids
from benchbench.data.encoded_examples import encode_examples
from benchbench.data.render import renderer
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.data.truncate import cut
from benchbench.recipe.schema import TokenizationSection

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

READ, SCORED, MASKED, CUT = "read", "scored", "masked", "cut"
"""What becomes of a token: read as context, scored, read although it is of the response and not scored, or cut off."""
OnEmpty = Literal["drop", "keep_constant", "error"]


@dataclass(frozen=True)
class ReadToken:
    """One token of a row."""

    id: int
    text: str
    """Its characters after the token before it; the tokenizer's own name for it where it has no whole character."""
    is_prompt: bool
    """Whether it stands before the response."""
    fate: str
    """`read`, `scored`, `masked` or `cut`."""
    weights: Mapping[str, float]
    """Name of spans -> its weight, where a span has it."""


@dataclass(frozen=True)
class ReadCandidate:
    """One response after its prompt."""

    role: str
    """What it is, such as `chosen`; empty where the data do not say."""
    prompt: str
    """The rendered text before the response."""
    response: str
    """The rendered response, without an EOS that is appended."""
    tokens: tuple[ReadToken, ...]

    def count(self, fate: str, *, of_prompt: bool) -> int:
        """Tokens with a fate, on one side of the boundary."""
        return sum(token.fate == fate and token.is_prompt == of_prompt for token in self.tokens)


@dataclass(frozen=True)
class ReadExample:
    """An example with everything that a model would read of it."""

    example: Example
    candidates: tuple[ReadCandidate, ...]
    left_out: str
    """Why training leaves it out; empty where it does not. Scoring keeps it all the same."""
    refused: str
    """Why the settings refuse it, so that no stage would start; empty where they do not. What is over the length is
    `cut` then, and nothing is scored."""


def read_example(
    example: Example,
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    on_empty: OnEmpty,
    folder: Path = Path(),
) -> ReadExample:
    """What becomes of one example.

    Args:
        example: of a split.
        tokenizer: a fast one.
        section: the stage's tokenisation.
        on_empty: what the stage does with a candidate that has no scored token.
        folder: of the recipe file, for `chat_template`.

    Raises:
        BenchError: no template, or one that refuses the example; no BOS or EOS where the recipe wants one.
    """
    encoder = Encoder.of(tokenizer, add_bos=section.add_bos, append_eos=section.append_eos)
    render = renderer(section, tokenizer, folder=folder)
    (encoded,) = encode_examples([example], encoder, render, section.masked_spans)
    section, row, refused = _tokenized(example, tokenizer, section, on_empty, folder)
    texts = [(part.prompt, response) for part in encoded.rendered for response in part.responses]
    roles = example.known_roles or ("",) * len(example.candidates)
    candidates = tuple(
        ReadCandidate(role, prompt, response, _tokens(tokenizer, ids, candidate, section, bos=encoder.bos is not None))
        for role, (prompt, response), ids, candidate in zip(roles, texts, encoded.rows, row.candidates, strict=True)
    )
    return ReadExample(example, candidates, row.spared or "", refused)


def _tokenized(
    example: Example, tokenizer: Any, section: TokenizationSection, on_empty: OnEmpty, folder: Path
) -> tuple[TokenizationSection, TokenizedExample, str]:
    """The row as a stage would make it; where the settings refuse it, as it would be left out, and why."""
    refused = ""
    try:
        tokenized = tokenize_examples([example], tokenizer, section, on_empty=on_empty, keep_all=True, folder=folder)
    except BenchError as error:
        if section.truncation != "error" and on_empty != "error":
            raise
        refused = str(error)
        if section.truncation == "error":
            section = section.model_copy(update={"truncation": "drop"})
        tokenized = tokenize_examples([example], tokenizer, section, on_empty="drop", keep_all=True, folder=folder)
    return section, tokenized.examples[0], refused


def _tokens(
    tokenizer: Any, ids: tuple[Ids, Ids], candidate: TokenizedCandidate, section: TokenizationSection, *, bos: bool
) -> tuple[ReadToken, ...]:
    """Every token of the uncut row."""
    prompt, response = ids
    start, whole = len(prompt), [*prompt, *response]
    kept_places = cut(list(range(start)), list(range(start, len(whole))), section, bos=bos).tokens
    place_in_row = {place: at for at, place in enumerate(kept_places)}
    texts = token_texts(tokenizer, whole)
    return tuple(
        ReadToken(
            number,
            text,
            place < start,
            _fate(candidate, place_in_row.get(place), is_prompt=place < start),
            _weights(candidate, place_in_row.get(place)),
        )
        for place, (number, text) in enumerate(zip(whole, texts, strict=True))
    )


def _fate(candidate: TokenizedCandidate, at: int | None, *, is_prompt: bool) -> str:
    if at is None:
        return CUT
    begin, end = candidate.response
    in_hole = any(start <= at < stop for start, stop in candidate.holes)
    if begin <= at < end and not in_hole:
        return SCORED
    return READ if is_prompt else MASKED


def _weights(candidate: TokenizedCandidate, at: int | None) -> dict[str, float]:
    if at is None:
        return {}
    return {
        name: value
        for name, stretches in candidate.weights.items()
        for start, stop, value in stretches
        if start <= at < stop
    }


def token_texts(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """The characters of each token after the one before it; its name where it is but a part of a character.

    A tokenizer that marks beginnings of words drops the space of a text's first token, so each token is decoded with
    the one before it, whose text is taken off.
    """
    texts: list[str] = []
    for place, number in enumerate(ids):
        before = str(tokenizer.decode([ids[place - 1]])) if place else ""
        both = str(tokenizer.decode([ids[place - 1], number])) if place else str(tokenizer.decode([number]))
        text = both[len(before) :] if both.startswith(before) else str(tokenizer.decode([number]))
        is_part = "\ufffd" in text or not text
        texts.append(str(tokenizer.convert_ids_to_tokens(number)) if is_part else text)
    return texts
