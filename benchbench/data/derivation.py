"""Examples made from examples: other candidates, another order, more text before the prompt, one example into many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from benchbench.core.example import Column, Example, Message
from benchbench.core.seeding import stream
from benchbench.core.transform import Counts, Transformed
from benchbench.data.column_shape import columns_of, is_missing, values_of
from benchbench.data.preference_order import P_CHOSEN

if TYPE_CHECKING:
    from numpy.random import Generator

FURTHER = "further examples from the same example"
Rule = Callable[[Example], "Sequence[Example] | str"]
"""What an example becomes, or the reason why nothing is left of it."""


def expand(examples: Sequence[Example], rule: Rule, *, changed: Mapping[str, int] | None = None) -> Transformed:
    """What a rule makes of every example, in their order, with the counts of what is dropped and added.

    Args:
        examples: of one split.
        rule: what becomes of each.
        changed: remarks that the rule counts as it goes, read when all is done.
    """
    results: list[Example] = []
    dropped: dict[str, int] = {}
    further = 0
    for example in examples:
        become = rule(example)
        if isinstance(become, str):
            dropped[become] = dropped.get(become, 0) + 1
        else:
            results += become
            further += len(become) - 1
    return results, Counts(dropped, {FURTHER: further}, changed or {})


def with_candidates(example: Example, places: Sequence[int], *, name: str | None = None) -> Example:
    """The example with some of its candidates, in another order; what belongs to each candidate goes with it.

    `p_chosen` becomes 1 - p where the two candidates of a pair change places, and is left out where the candidates are
    others; other numbers of the example are kept.

    Args:
        example: it is not changed.
        places: of the candidates in the example, each at most once.
        name: id of the new example; none keeps the example's.
    """
    columns: dict[str, Column] = {}
    for column, value in example.columns.items():
        if isinstance(value, tuple):
            columns[column] = tuple(value[k] for k in places)
        elif column != P_CHOSEN or [*places] == [*range(len(example.candidates))]:
            columns[column] = value
        elif [*places] == [1, 0] and len(example.candidates) == 2:
            columns[column] = 1.0 - value
    return replace(example.taking(places), id=example.id if name is None else name, columns=columns)


def with_columns(example: Example, **columns: Column) -> Example:
    """The example with further columns, or other values in those it has."""
    return replace(example, columns={**example.columns, **columns})


def scores_of(example: Example, column: str) -> tuple[float, ...] | None:
    """[K] numbers of a column per candidate (`score` stands for the ratings); none where one of them is missing."""
    values = columns_of(example)[column]
    return None if is_missing(values) else values_of(values)


def number_of(example: Example, column: str) -> float:
    """The number of a column per example; NaN where it is missing."""
    (value,) = values_of(columns_of(example)[column])
    return value


def best_of(scores: Sequence[float]) -> int:
    """Place of the highest score; of equal ones the first."""
    return max(range(len(scores)), key=lambda k: scores[k])


def worst_of(scores: Sequence[float]) -> int:
    """Place of the lowest score; of equal ones the first."""
    return min(range(len(scores)), key=lambda k: scores[k])


def draws_of(seed: int, purpose: str, example: Example) -> Generator:
    """A generator of an example's own, so that leaving out other examples shifts none of its draws."""
    return stream(seed, f"{purpose} {example.id}")


def with_text_before(prompt: Sequence[Message], text: str, role: Literal["system", "user"]) -> tuple[Message, ...]:
    """A conversation with a text before it: in the system message, or before the first turn of the user.

    A blank line stands between the text and what follows it; without a system message (or turn of the user) there is a
    new one.
    """
    turns = list(prompt)
    at = next((place for place, turn in enumerate(turns) if turn.role == role), None)
    if at is None:
        return (Message(role, text), *turns)
    turns[at] = Message(role, f"{text}\n\n{turns[at].content}")
    return tuple(turns)


def with_text_before_prompts(example: Example, text: str, role: Literal["system", "user"]) -> Example:
    """The example with a text before its prompt, and before those of candidates that have their prompts."""
    prompts = example.prompts and tuple(with_text_before(prompt, text, role) for prompt in example.prompts)
    return replace(example, prompt=with_text_before(example.prompt, text, role), prompts=prompts)


def question_of(example: Example) -> str:
    """Text of the turn that the candidates answer."""
    return example.prompt[-1].content


def with_text_after(prompt: Sequence[Message], text: str) -> tuple[Message, ...]:
    """A conversation with a text after its last turn, and a blank line between."""
    *before, last = prompt
    return (*before, replace(last, content=f"{last.content}\n\n{text}"))


def without_columns(example: Example) -> Example:
    """The example without what belongs to each of its candidates: ratings, columns, spans, and the share of a label.

    For a transform whose candidates are others, which sets those itself.
    """
    columns = {
        name: value for name, value in example.columns.items() if not isinstance(value, tuple) and name != P_CHOSEN
    }
    return replace(example, ratings=None, columns=columns, spans={}, roles=None, prompts=None)


def others(count: int, rng: Generator) -> list[int]:
    """For each of so many examples another one, each once; the example itself where there is only one."""
    order = rng.permutation(count).tolist()
    following = dict(zip(order, [*order[1:], *order[:1]], strict=True))
    return [following[place] for place in range(count)]
