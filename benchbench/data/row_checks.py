"""Checks of one split by itself: repeats, contradictions, empty and identical sides, ties, who is longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from benchbench.core.example import Example
from benchbench.data.audit import best_is_shared, has_identical_candidates
from benchbench.data.finding import DataFinding, finding
from benchbench.data.near_duplicates import Neighbour, Shingles, nearest_earlier
from benchbench.data.serial import prompt_hash

Texts = tuple[str, ...]


def row_findings(split: str, examples: Sequence[Example], texts: Sequence[Shingles]) -> list[DataFinding]:
    """Everything that can be said of the rows of one split without a tokenizer, save who is longer.

    Args:
        split: its name.
        examples: in order.
        texts: [n] shingles of each example's prompt.
    """
    total = len(examples)
    prompts = [prompt_hash(example.prompt) for example in examples]

    def those(check: str, holds: Callable[[Example], bool]) -> DataFinding:
        return finding(check, split, [example.id for example in examples if holds(example)], total)

    repeats, contradictions = _repeats(examples, prompts)
    return [
        finding("repeated_examples", split, repeats, total),
        finding("contradicting_labels", split, contradictions, total),
        *_prompt_findings(split, examples, prompts, texts),
        those("identical_candidates", has_identical_candidates),
        those("empty_responses", lambda example: not all(text.strip() for text in example.candidates)),
        those("tied_scores", best_is_shared),
    ]


def _repeats(examples: Sequence[Example], prompts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ids of examples that were there before, and of pairs that were there with the other one preferred."""
    orders: dict[tuple[str, Texts], set[tuple[Texts, bool | None]]] = {}
    repeats, contradictions = [], []
    for example, prompt in zip(examples, prompts, strict=True):
        texts = tuple(text.strip() for text in example.candidates)
        earlier = orders.setdefault((prompt, tuple(sorted(texts))), set())
        if (texts, example.label) in earlier:
            repeats.append(example.id)
        elif earlier and len(set(texts)) == len(texts):
            contradictions.append(example.id)
        earlier.add((texts, example.label))
    return repeats, contradictions


def _prompt_findings(
    split: str, examples: Sequence[Example], prompts: Sequence[str], texts: Sequence[Shingles]
) -> Iterator[DataFinding]:
    """Prompts that an earlier example has, to the letter or nearly."""
    seen: set[str] = set()
    exact: list[str] = []
    near: list[tuple[str, str, Neighbour]] = []
    for example, prompt, neighbour in zip(examples, prompts, nearest_earlier(texts), strict=True):
        if prompt in seen:
            exact.append(example.id)
        elif neighbour is not None:
            near.append((example.id, examples[neighbour.place].id, neighbour))
        seen.add(prompt)
    yield finding("repeated_prompts", split, exact, len(examples))
    yield finding(
        "near_repeated_prompts", split, [name for name, _, _ in near], len(examples), detail=nearest_detail(near)
    )


def nearest_detail(near: Sequence[tuple[str, str, Neighbour]]) -> str:
    """Which texts the first few are near to, and how near; empty where there are none."""
    return ", ".join(f"{name} to {other} ({neighbour.similarity:.2f})" for name, other, neighbour in near[:3])


class Longer(NamedTuple):
    """Of the pairs with a longer response and an order: whether the longer one is preferred."""

    ids: tuple[str, ...]
    """[n] of the pairs that count."""
    prompts: tuple[str, ...]
    """[n] hash of each one's prompt: pairs of one prompt are no independent draws."""
    is_preferred: tuple[bool, ...]
    """[n] the preferred response is the longer one."""
    as_long: int
    """Pairs left out since both responses have the same length."""
    tied: int
    """Pairs left out since their ratings are tied, so that the order says nothing."""


def longer_preferred(examples: Sequence[Example]) -> Longer | None:
    """Length in characters against preference; none where no example is a pair of different responses.

    With more candidates than two the first is compared with the last, which of ranked candidates are best and worst.
    """
    pairs = [example for example in examples if len(example.candidates) > 1 and not has_identical_candidates(example)]
    if not pairs:
        return None
    tied = [example for example in pairs if best_is_shared(example)]
    ordered = [example for example in pairs if not best_is_shared(example)]
    lengths = [(len(example.candidates[0]), len(example.candidates[-1])) for example in ordered]
    counted = [(example, a > b) for example, (a, b) in zip(ordered, lengths, strict=True) if a != b]
    return Longer(
        tuple(example.id for example, _ in counted),
        tuple(prompt_hash(example.prompt) for example, _ in counted),
        tuple(is_longer for _, is_longer in counted),
        as_long=len(ordered) - len(counted),
        tied=len(tied),
    )
