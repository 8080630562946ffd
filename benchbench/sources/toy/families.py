"""Tasks of the toy world: eight families whose right answer code can check."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from benchbench.core.example import Message

if TYPE_CHECKING:
    from numpy.random import Generator

_ANIMALS = "ant bear cat dog emu fox goat hen ibis jay kite lion mole newt owl pig quail rat seal toad"
_PEOPLE = "anna ben carl dora eva finn gina hugo"
_DIGITS = "zero one two three four five six seven eight nine"
NOUNS = tuple(_ANIMALS.split())
"""One per initial from a to t, so that alphabetical order is the order of the initials."""
NAMES = tuple(_PEOPLE.split())
NUMBERS = tuple(_DIGITS.split())

_Choice = TypeVar("_Choice")


def pick(rng: Generator, choices: Sequence[_Choice]) -> _Choice:
    """One of the choices, each equally likely; uses exactly one uniform number."""
    return choices[int(rng.random() * len(choices))]


def pick_distinct(rng: Generator, choices: Sequence[str], count: int) -> list[str]:
    """`count` different choices in random order; uses exactly `count` uniform numbers."""
    pool = list(choices)
    return [pool.pop(int(rng.random() * len(pool))) for _ in range(count)]


@dataclass(frozen=True)
class PromptFamily:
    """One kind of task."""

    name: str
    templates: tuple[str, str]
    """Two wordings of the instruction; no wording belongs to two families."""
    reason: str
    """What follows "because" in a right explanation."""
    draw: Callable[[Generator], tuple[str, ...]]
    """Random arguments."""
    truth: Callable[[tuple[str, ...]], tuple[str, ...]]
    """The right answer to the arguments."""
    pool: tuple[str, ...] = NOUNS
    """Words that an answer of this family is made of."""


def _some_nouns(rng: Generator) -> tuple[str, ...]:
    return tuple(pick_distinct(rng, NOUNS, pick(rng, (2, 3, 3, 4))))


def _nouns_to_count(rng: Generator) -> tuple[str, ...]:
    return tuple(pick_distinct(rng, NOUNS, pick(rng, (2, 3, 4, 5, 6))))


def _owners(rng: Generator) -> tuple[str, ...]:
    size = pick(rng, (2, 3))
    names, nouns = pick_distinct(rng, NAMES, size), pick_distinct(rng, NOUNS, size)
    listed = [word for owner in zip(names, nouns, strict=True) for word in owner]
    return (*listed, "?", pick(rng, names))


def _owned(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return (arguments[arguments.index(arguments[-1]) + 1],)


def _some_numbers(rng: Generator) -> tuple[str, ...]:
    return tuple(pick_distinct(rng, NUMBERS, pick(rng, (2, 3))))


FAMILIES: Mapping[str, PromptFamily] = {
    family.name: family
    for family in (
        PromptFamily("copy", ("say the same words", "repeat the words"), "it stays the same", _some_nouns, lambda a: a),
        PromptFamily(
            "reverse",
            ("say the words backwards", "turn the list around"),
            "the end comes first",
            _some_nouns,
            lambda a: a[::-1],
        ),
        PromptFamily(
            "sort",
            ("put these in order", "sort by first letter"),
            "it goes by letter",
            _some_nouns,
            lambda a: tuple(sorted(a)),
        ),
        PromptFamily(
            "first",
            ("name the first word", "which word comes first"),
            "it stands in front",
            _some_nouns,
            lambda a: a[:1],
        ),
        PromptFamily(
            "last", ("name the last word", "which word comes last"), "it ends the list", _some_nouns, lambda a: a[-1:]
        ),
        PromptFamily(
            "count",
            ("count the words", "how many words"),
            "i counted them",
            _nouns_to_count,
            lambda a: (NUMBERS[len(a)],),
            NUMBERS,
        ),
        PromptFamily("lookup", ("find the right animal", "who has which animal"), "the name owns it", _owners, _owned),
        PromptFamily(
            "largest",
            ("find the largest number", "which is largest"),
            "others are smaller",
            _some_numbers,
            lambda a: (max(a, key=NUMBERS.index),),
            NUMBERS,
        ),
    )
}
_BY_TEMPLATE = {template: family for family in FAMILIES.values() for template in family.templates}
_PROMPT = re.compile(
    rf"(?P<please>please )?(?P<template>{'|'.join(_BY_TEMPLATE)}) : (?P<arguments>[a-z? ]+?)(?P<explain> and explain)?"
)


@dataclass(frozen=True)
class Task:
    """What one prompt asks for."""

    family: str
    template: str
    arguments: tuple[str, ...]
    polite: bool
    """The prompt says please, so the response should open politely."""
    explain: bool
    """The prompt asks for an explanation."""

    @property
    def text(self) -> str:
        """The prompt, words separated by single spaces."""
        please, explain = "please " if self.polite else "", " and explain" if self.explain else ""
        return f"{please}{self.template} : {' '.join(self.arguments)}{explain}"

    def truth(self) -> tuple[str, ...]:
        """The right answer."""
        return FAMILIES[self.family].truth(self.arguments)

    def key_fraction(self) -> float:
        """In [0, 1), from (family, arguments) alone: decides between test, validation and training, in every world."""
        key = " ".join((self.family, *self.arguments))
        return int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big") / 2**56


def draw_task(rng: Generator) -> Task:
    """A random task: families and templates equally likely, polite one time in two, explanation asked two in five."""
    family = pick(rng, tuple(FAMILIES.values()))
    template = pick(rng, family.templates)
    polite, explain = rng.random() < 0.5, rng.random() < 0.4
    return Task(family.name, template, family.draw(rng), polite, explain)


def is_prompt(messages: Sequence[Message]) -> bool:
    """Whether a prompt is one of this world: a single message that states a task, and nothing else."""
    return len(messages) == 1 and _PROMPT.fullmatch(" ".join(messages[0].content.split())) is not None


@lru_cache(maxsize=65536)
def read_task(text: str) -> Task:
    """The task that a prompt of this world states.

    Raises:
        ValueError: the text is no prompt of this world.
    """
    parts = _PROMPT.fullmatch(" ".join(text.split()))
    if parts is None:
        raise ValueError(f"expected a prompt of the toy world, got the text '{text}'")
    family = _BY_TEMPLATE[parts["template"]]
    arguments = tuple(parts["arguments"].split())
    return Task(family.name, parts["template"], arguments, parts["please"] is not None, parts["explain"] is not None)
