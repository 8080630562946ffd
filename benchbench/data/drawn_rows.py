"""Training rows of drawn responses: token ids from the engine to the loss, never decoded and encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchbench.core.example import MASK, Column, Example
from benchbench.core.rollout import Group, Pick
from benchbench.data.encode import Encoded
from benchbench.data.encoded_examples import EncodedExample
from benchbench.data.serial import from_json, to_json
from benchbench.data.spans import Values
from benchbench.data.tokenize import token_rows
from benchbench.data.tokenized import Tokenized
from benchbench.recipe.schema import TokenizationSection
from benchbench.recipe.training import OnEmptyResponse

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TOKENS = "tokens"
"""Key of a row's JSON value that holds its ids; without it the value is an example's."""
OBSERVED = "observed"
"""Key beside the ids; it is there where a tool wrote some of them."""


@dataclass(frozen=True)
class DrawnRow:
    """One example of a round: its texts for people and for what reads texts, and the ids that are trained on."""

    example: Example
    """Its candidates are the texts of the responses, its id is unique among all rounds."""
    prompt: tuple[int, ...]
    """Token ids of all that stands before the responses and is not scored."""
    responses: tuple[tuple[int, ...], ...]
    """[K] token ids that are scored, with the token that ended each, where one did."""
    round: int
    """From 1."""
    observed: tuple[tuple[tuple[int, int], ...], ...] = ()
    """[K] half-open ranges of each response that a tool wrote, which are read and not scored; empty where none did."""

    @property
    def answered(self) -> str:
        """Id of the example whose prompt the responses answer."""
        return self.example.id.rpartition(f" r{self.round}")[0]


def rows_of(group: Group, picks: Sequence[Pick]) -> Iterator[DrawnRow]:
    """The rows that a selector picked of a group."""
    context = (*group.prompt, *group.prefix)
    for number, pick in enumerate(picks):
        responses = [group.responses[place] for place in pick.places]
        columns: dict[str, Column] = dict(pick.columns)
        after = f" after {len(group.prefix)}" if group.prefix else ""
        example = Example(
            id=f"{group.example} r{group.round}{after} {number}",
            prompt=group.messages,
            candidates=tuple(response.text for response in responses),
            columns=columns,
        )
        observed = tuple(response.observed for response in responses)
        scored = tuple(response.scored for response in responses)
        yield DrawnRow(example, context, scored, group.round, observed if any(observed) else ())


def row_json(row: DrawnRow) -> dict[str, Any]:
    """A JSON-able mapping: the example's, with its ids."""
    ids: dict[str, Any] = {"prompt": list(row.prompt), "responses": [list(response) for response in row.responses]}
    if row.observed:
        ids[OBSERVED] = [[[*stretch] for stretch in ranges] for ranges in row.observed]
    return {**to_json(row.example), "round": row.round, TOKENS: ids}


def row_of(value: Mapping[str, Any]) -> DrawnRow:
    """The row that `row_json` wrote."""
    ids = value[TOKENS]
    responses = tuple(tuple(response) for response in ids["responses"])
    observed = tuple(tuple((start, stop) for start, stop in ranges) for ranges in ids.get(OBSERVED, ()))
    return DrawnRow(from_json(value), tuple(ids["prompt"]), responses, value["round"], observed)


def tokenized_rows(
    rows: Sequence[DrawnRow],
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    on_empty: OnEmptyResponse,
    keep_all: bool = False,
) -> Tokenized:
    """Rows as a stage reads them: cut as the data's rows are, and not encoded.

    Args:
        rows: of any rounds.
        tokenizer: whose ids they hold.
        section: its lengths, truncation and `scored` hold; what it says of texts is not read.
        on_empty: as for `data.tokenize.tokenize_examples`.
        keep_all: as for `data.tokenize.tokenize_examples`.

    Raises:
        BenchError: truncation or `on_empty` is `error` and a row calls for it.
    """
    encoded = (
        EncodedExample(
            row.example,
            rendered=(),
            encoded=(Encoded([*row.prompt], tuple([*response] for response in row.responses), 0, 0),),
            marks=_marks(row),
        )
        for row in rows
    )
    return token_rows(encoded, tokenizer, section, on_empty=on_empty, keep_all=keep_all)


def _marks(row: DrawnRow) -> list[Mapping[str, Values]]:
    """The mask of what a tool wrote in each response."""
    if not row.observed:
        return [{} for _ in row.responses]
    marks: list[Mapping[str, Values]] = []
    for response, ranges in zip(row.responses, row.observed, strict=True):
        places = {place for start, stop in ranges for place in range(start, stop)}
        marks.append({MASK: [0.0 if place in places else None for place in range(len(response))]} if places else {})
    return marks
