"""Problems of the world of arithmetic: a number and operations on it, from left to right, modulo a number."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from numpy.random import Generator

OPERANDS = {"plus": tuple(range(1, 10)), "minus": tuple(range(1, 10)), "times": (2, 3)}
"""Operation -> the numbers that it takes."""

_Choice = TypeVar("_Choice")
_PROMPT = re.compile(r"modulo (?P<modulus>\d+) : (?P<start>\d+)(?P<operations>(?: (?:plus|minus|times) \d+)+)")


class Operation(NamedTuple):
    """What is done to the number so far."""

    name: str
    """`plus`, `minus` or `times`."""
    operand: int

    def apply(self, value: int, modulus: int) -> int:
        """The number afterwards, in [0, modulus)."""
        if self.name == "times":
            return value * self.operand % modulus
        return (value + (self.operand if self.name == "plus" else -self.operand)) % modulus


@dataclass(frozen=True)
class Problem:
    """One problem; operations are done from left to right, and each result is taken modulo the modulus."""

    modulus: int
    start: int
    """In [0, modulus)."""
    operations: tuple[Operation, ...]

    @property
    def text(self) -> str:
        """The prompt, words separated by single spaces: `modulo 10 : 7 plus 5 times 3`."""
        words = " ".join(f"{operation.name} {operation.operand}" for operation in self.operations)
        return f"modulo {self.modulus} : {self.start} {words}"

    def values(self) -> tuple[int, ...]:
        """The number at the start and after each operation; the last is the answer."""
        values = [self.start]
        for operation in self.operations:
            values.append(operation.apply(values[-1], self.modulus))
        return tuple(values)

    @property
    def answer(self) -> int:
        """The number after the last operation."""
        return self.values()[-1]

    def key_fraction(self) -> float:
        """In [0, 1), from the problem alone: decides between test, validation and training, in every world."""
        return int.from_bytes(hashlib.sha256(self.text.encode()).digest()[:7], "big") / 2**56


def pick(rng: Generator, choices: Sequence[_Choice]) -> _Choice:
    """One of the choices, each equally likely; uses exactly one uniform number."""
    return choices[int(rng.random() * len(choices))]


def draw_problem(rng: Generator, modulus: int, fewest_steps: int, most_steps: int) -> Problem:
    """A random problem: start, number of steps, operations and their operands each equally likely."""
    start, steps = pick(rng, range(modulus)), pick(rng, range(fewest_steps, most_steps + 1))
    operations = []
    for _ in range(steps):
        name = pick(rng, tuple(OPERANDS))
        operations.append(Operation(name, pick(rng, OPERANDS[name])))
    return Problem(modulus, start, tuple(operations))


@lru_cache(maxsize=65536)
def read_problem(text: str) -> Problem:
    """The problem that a prompt of this world states.

    Raises:
        ValueError: the text is no prompt of this world.
    """
    parts = _PROMPT.fullmatch(" ".join(text.split()))
    if parts is None or not 0 <= int(parts["start"]) < int(parts["modulus"]):
        raise ValueError(f"expected a prompt of the world of arithmetic, got the text '{text}'")
    words = parts["operations"].split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return Problem(
        int(parts["modulus"]), int(parts["start"]), tuple(Operation(name, int(operand)) for name, operand in pairs)
    )
