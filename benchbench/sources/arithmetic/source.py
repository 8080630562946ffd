"""The world of arithmetic: chains of small steps, each of which code can check, with a calculator on request.

Made from a seed, without file or network; its numbers say nothing about language models. A smaller world is the
beginning of a larger one, since every purpose draws from a stream of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from benchbench.core.example import MASK, Example, Message
from benchbench.core.identity import Since
from benchbench.core.seeding import stream
from benchbench.core.source import LoadedSplits, Reading, Source, StepValues
from benchbench.sources.arithmetic.calculator import CALCULATOR, observed, traced
from benchbench.sources.arithmetic.chains import (
    SEPARATOR,
    faulty_calls,
    faulty_chain,
    right_calls,
    right_chain,
    step_value,
    verify,
)
from benchbench.sources.arithmetic.problems import Problem, draw_problem, pick

if TYPE_CHECKING:
    from numpy.random import Generator

_RANGES = {
    "world_seed": (0, 2**63),
    "modulus": (3, 100),
    "fewest_steps": (1, 8),
    "most_steps": (1, 8),
    "faulty_demonstrations": (0, 1),
    "middle_faults": (0, 1),
    "demonstrations": (1, 10**6),
    "preference_prompts": (1, 10**6),
    "validation_prompts": (1, 10**6),
    "test_prompts": (1, 10**6),
    "further_pairs": (0, 10**6),
}
_KEYS = {
    "test": (0.0, 0.15),
    "validation": (0.15, 0.25),
    "train": (0.25, 1.0),
    "sft": (0.25, 1.0),
    "further": (0.25, 1.0),
}
"""Part of the hash range of problems that each split's prompts come from."""


@dataclass(frozen=True)
class ArithmeticOptions:
    """Size of the world, and its faults.

    Raises:
        ValueError: a value out of its range, or more steps at least than at most.
    """

    world_seed: int = 0
    """Seed of the world, >= 0; not the training seed."""
    modulus: int = 10
    """Every result is taken modulo this number, 3 to 100."""
    fewest_steps: int = 2
    """Operations of the shortest problem, 1 to 8."""
    most_steps: int = 4
    """Operations of the longest problem, 1 to 8."""
    faulty_demonstrations: float = 0.2
    """Probability that a demonstration has a wrong step, each step equally likely, in [0, 1]."""
    middle_faults: float = 0.5
    """Probability that a rejected response's wrong step is one before the last, where there is one, in [0, 1]."""
    demonstrations: int = 12000
    """Examples of the split `sft`."""
    preference_prompts: int = 3000
    """Pairs of the split `train`: the right chain, and one with a wrong step."""
    validation_prompts: int = 500
    """Pairs of the split `validation`."""
    test_prompts: int = 1000
    """Pairs of the split `test`."""
    calculator: Annotated[bool, Since("2026-11-30", before=False)] = False
    """Each step calls the calculator, whose answers are masked: `calc 7 plus 5 modulo 10 = 2 .`. A wrong step then asks
    it about a wrong number, since what it answers is true."""
    tool_traces: Annotated[bool, Since("2026-11-30", before=False)] = False
    """Behind each response stands what the calculator says of each of its steps, for a reward model that reads it:
    `7 plus 5 is 3 . answer 3 . calc 7 plus 5 modulo 10 = 2 .`. Not with `calculator`, whose steps are calls."""
    further_pairs: Annotated[int, Since("2026-11-30", before=0)] = 0
    """Pairs of the split `further`, such as a judge's demonstrations are made of; with 0 there is no such split."""

    def __post_init__(self) -> None:
        for option in fields(self):
            if option.name not in _RANGES:
                continue
            value, (low, high) = getattr(self, option.name), _RANGES[option.name]
            if not math.isfinite(value) or not low <= value <= high:
                raise ValueError(f"{option.name}: expected a number from {low} to {high}, got {value}")
        if self.fewest_steps > self.most_steps:
            raise ValueError(f"fewest_steps: expected at most most_steps = {self.most_steps}, got {self.fewest_steps}")
        if self.tool_traces and self.calculator:
            raise ValueError("tool_traces: expected false with calculator, whose steps are calls already, got true")


def load(options: ArithmeticOptions, folder: Path) -> LoadedSplits:
    """Splits `sft`, `train`, `validation`, `test` and, where it has pairs, `further`; `folder` is not read.

    Every example has the columns `answer` (the right one), `steps` (of a right chain, the answer among them) and, per
    candidate, `right_steps` (before the first fault) and `gold` (1 for a right answer, else 0).
    """
    splits = {"sft": tuple(_demonstrations(options))}
    pairs = {"train": options.preference_prompts, "validation": options.validation_prompts}
    further = {"further": options.further_pairs} if options.further_pairs else {}
    for split, count in {**pairs, "test": options.test_prompts, **further}.items():
        splits[split] = tuple(_pairs(options, split, count))
    return LoadedSplits(splits, {split: Reading(len(examples)) for split, examples in splits.items()})


def _problems(options: ArithmeticOptions, split: str, count: int) -> Iterator[Problem]:
    rng, (low, high) = stream(options.world_seed, f"arithmetic {split} prompts"), _KEYS[split]
    while count:
        problem = draw_problem(rng, options.modulus, options.fewest_steps, options.most_steps)
        if low <= problem.key_fraction() < high:
            count -= 1
            yield problem


def _demonstrations(options: ArithmeticOptions) -> Iterator[Example]:
    rng = stream(options.world_seed, "arithmetic sft faults")
    for number, problem in enumerate(_problems(options, "sft", options.demonstrations)):
        is_faulty = rng.random() < options.faulty_demonstrations
        step = pick(rng, range(len(problem.operations))) if is_faulty else None
        yield _example(options, f"sft-{number:05d}", problem, (_response(options, rng, problem, step),))


def _pairs(options: ArithmeticOptions, split: str, count: int) -> Iterator[Example]:
    rng = stream(options.world_seed, f"arithmetic {split} faults")
    for number, problem in enumerate(_problems(options, split, count)):
        last = len(problem.operations) - 1
        in_the_middle = rng.random() < options.middle_faults and last > 0
        step = pick(rng, range(last)) if in_the_middle else last
        texts = (_response(options, rng, problem), _response(options, rng, problem, step))
        yield _example(options, f"{split}-{number:05d}", problem, texts)


def _response(options: ArithmeticOptions, rng: Generator, problem: Problem, wrong_step: int | None = None) -> str:
    """The right response, for which nothing is drawn, or one with this step wrong."""
    if wrong_step is None:
        return right_calls(problem) if options.calculator else right_chain(problem)
    return (faulty_calls if options.calculator else faulty_chain)(rng, problem, wrong_step)


def _example(options: ArithmeticOptions, name: str, problem: Problem, texts: tuple[str, ...]) -> Example:
    checked = [verify(problem, text) for text in texts]
    columns = {
        "answer": float(problem.answer),
        "steps": float(checked[0].steps),
        "right_steps": tuple(float(verification.right_steps) for verification in checked),
        "gold": tuple(float(verification.answer_is_right) for verification in checked),
    }
    spans = {MASK: tuple(observed(text) for text in texts)} if options.calculator else {}
    if options.tool_traces:
        texts = tuple(traced(text, options.modulus) for text in texts)
    return Example(id=name, prompt=(Message("user", problem.text),), candidates=texts, columns=columns, spans=spans)


def identity(options: ArithmeticOptions, folder: Path) -> Mapping[str, str]:
    """Nothing besides the options: the seed determines the world."""
    return {}


SOURCE = Source(
    name="arithmetic",
    options=ArithmeticOptions,
    load=load,
    identity=identity,
    steps=StepValues(SEPARATOR, step_value),
    tool=CALCULATOR,
)
