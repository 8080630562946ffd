"""Checks of what is held out, a split or a file of prompts, against what is trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchbench.core.example import Message
from benchbench.data.finding import DataFinding, finding
from benchbench.data.near_duplicates import NearIndex, Neighbour, Shingles, conversation_text, index_of, shingles
from benchbench.data.row_checks import nearest_detail
from benchbench.data.serial import prompt_hash


@dataclass(frozen=True)
class PromptList:
    """The prompts of a split or a file, with what comparing them needs."""

    name: str
    """Of the split, or of the file."""
    ids: tuple[str, ...]
    prompts: tuple[tuple[Message, ...], ...]

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """[n] equal where prompts are, white space around turns aside."""
        return tuple(prompt_hash(prompt) for prompt in self.prompts)

    @cached_property
    def texts(self) -> tuple[Shingles, ...]:
        """[n] shingles of each prompt."""
        return tuple(shingles(conversation_text(prompt)) for prompt in self.prompts)

    @cached_property
    def index(self) -> NearIndex:
        """Where near prompts are looked for."""
        return index_of(self.texts)


def prompt_list(name: str, rows: Iterable[tuple[str, tuple[Message, ...]]]) -> PromptList:
    """The list of (id, prompt) rows."""
    ids, prompts = [], []
    for row_id, prompt in rows:
        ids.append(row_id)
        prompts.append(prompt)
    return PromptList(name, tuple(ids), tuple(prompts))


def leak_findings(held_out: PromptList, trained: PromptList) -> list[DataFinding]:
    """Held-out prompts that training has, to the letter, and those that it nearly has.

    A prompt counts once: one that is there to the letter is no near one.
    """
    where = f"{held_out.name} in {trained.name}"
    known = set(trained.hashes)
    exact: list[str] = []
    near: list[tuple[str, str, Neighbour]] = []
    for name, digest, text in zip(held_out.ids, held_out.hashes, held_out.texts, strict=True):
        if digest in known:
            exact.append(name)
        elif (neighbour := trained.index.nearest(text)) is not None:
            near.append((name, trained.ids[neighbour.place], neighbour))
    total, detail = len(held_out.ids), nearest_detail(near)
    same = "one split is trained on and held out" if held_out.name == trained.name else ""
    return [
        finding("leaked_prompts", where, exact, total, detail=same),
        finding("near_leaked_prompts", where, [name for name, _, _ in near], total, detail=detail),
    ]


def all_leaks(
    lists: Mapping[str, PromptList], held_out: Sequence[PromptList], trained: Sequence[str]
) -> list[DataFinding]:
    """The leaks of each held-out list into each split that is trained on.

    Args:
        lists: prompts of every split, by name.
        held_out: splits that are scored or answered, and files.
        trained: names of splits.
    """
    return [each for held in held_out for split in trained for each in leak_findings(held, lists[split])]
