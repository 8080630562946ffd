"""Chains of steps that answer a problem: the right one, faulty ones, and the exact check of any text.

A chain is a step for each operation and the answer, each ending in a full stop of its own, such as
`7 plus 5 is 2 . 2 times 3 is 6 . answer 6 .`. There is one right chain for a problem, so a text that is not finished
is still right exactly when the right chain begins with it. With a calculator a step is a call of it with its answer,
`calc 7 plus 5 modulo 10 = 2 .`, which is as right as the same step in words; faults are then in what is asked of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest
from benchbench.core.source import StepState
from benchbench.sources.arithmetic.calculator import called, without_calls
from benchbench.sources.arithmetic.problems import Problem, pick, read_problem

if TYPE_CHECKING:
    from numpy.random import Generator

SEPARATOR = "."
"""The word that ends every step, the answer among them."""
_Token = TypeVar("_Token", str, int)
_ANSWER = re.compile(r"answer (\d+) \.")


@dataclass(frozen=True)
class Verification:
    """What of a text is right."""

    right_steps: int
    """Steps, the answer among them, before the first that is wrong or is not there."""
    steps: int
    """Steps that a whole right chain has, the answer among them."""
    answer: int | None
    """The number that the text ends with as its answer; none where it gives none."""
    answer_is_right: bool
    """Whether that is the problem's, however it was reached."""

    @property
    def chain_is_right(self) -> bool:
        """Whether the text is the right chain, step by step."""
        return self.right_steps == self.steps


def chain_text(problem: Problem, values: Sequence[int]) -> str:
    """The chain with these numbers at the start and after each operation.

    Raises:
        ValueError: another number of values than operations and one.
    """
    steps = [
        f"{before} {operation.name} {operation.operand} is {after} {SEPARATOR}"
        for operation, before, after in zip(problem.operations, values[:-1], values[1:], strict=True)
    ]
    return " ".join([*steps, f"answer {values[-1]} {SEPARATOR}"])


def right_chain(problem: Problem) -> str:
    """The right response."""
    return chain_text(problem, problem.values())


def faulty_chain(rng: Generator, problem: Problem, step: int) -> str:
    """A response with a wrong result in one step, carried on rightly from there, and so a wrong answer.

    Args:
        rng: one number is drawn.
        problem: what is answered.
        step: which step is wrong, from 0. Where each wrong result there would come to the right answer again, as a
            product may modulo some numbers, the last step is wrong instead.
    """
    values, wrong = problem.values(), _wrong_continuations(problem, step)
    if not wrong:
        step = len(problem.operations) - 1
        wrong = _wrong_continuations(problem, step)
    return chain_text(problem, (*values[: step + 1], *pick(rng, wrong)))


def right_calls(problem: Problem) -> str:
    """The right response with a call of the calculator for each operation."""
    return calls_text(problem, problem.values()[:-1])


def calls_text(problem: Problem, numbers: Sequence[int], answer: int | None = None) -> str:
    """The chain of calls with these numbers before each operation; what the calculator writes is always true.

    Args:
        problem: whose operations are done.
        numbers: that each operation is done to.
        answer: that is given in the end; none takes the last result.

    Raises:
        ValueError: another number of numbers than of operations.
    """
    pairs = [*zip(problem.operations, numbers, strict=True)]
    results = [operation.apply(number, problem.modulus) for operation, number in pairs]
    steps = [
        called(number, operation, problem.modulus, result)
        for (operation, number), result in zip(pairs, results, strict=True)
    ]
    return " ".join([*steps, f"answer {results[-1] if answer is None else answer} {SEPARATOR}"])


def faulty_calls(rng: Generator, problem: Problem, step: int) -> str:
    """A response that asks the calculator about a wrong number in one step, goes on rightly, and has a wrong answer.

    Args:
        rng: one number is drawn.
        problem: what is answered.
        step: which step is wrong, from 0. Where every number leads to the right answer there, as before `times 3`
            modulo 3, the answer that is given in the end is wrong instead.
    """
    numbers, rest = problem.values()[:-1], problem.operations[step:]
    chains = {number: Problem(problem.modulus, number, rest).values() for number in range(problem.modulus)}
    wrong = [number for number, values in chains.items() if values[-1] != problem.answer]
    if not wrong:
        others = [number for number in range(problem.modulus) if number != problem.answer]
        return calls_text(problem, numbers, pick(rng, others))
    return calls_text(problem, (*numbers[:step], *chains[pick(rng, wrong)][:-1]))


def _wrong_continuations(problem: Problem, step: int) -> list[tuple[int, ...]]:
    """The numbers from a wrong result of the step on, for every such result that leads to a wrong answer."""
    right = problem.values()
    tails = []
    for result in range(problem.modulus):
        after = Problem(problem.modulus, result, problem.operations[step + 1 :]).values()
        if result != right[step + 1] and after[-1] != right[-1]:
            tails.append(after)
    return tails


def split_steps(text: str) -> tuple[str, ...]:
    """The steps of a text, words separated by single spaces, each with its full stop; the last may lack one."""
    return tuple(" ".join(words) for words in split_tokens(text.split(), SEPARATOR))


def split_tokens(tokens: Sequence[_Token], separator: _Token) -> tuple[tuple[_Token, ...], ...]:
    """Tokens cut after each separator; what follows the last separator, if anything, is a step that is not finished."""
    steps: list[tuple[_Token, ...]] = []
    start = 0
    for place, token in enumerate(tokens):
        if token == separator:
            steps.append(tuple(tokens[start : place + 1]))
            start = place + 1
    return (*steps, tuple(tokens[start:])) if start < len(tokens) else tuple(steps)


def is_still_right(problem: Problem, text: str) -> bool:
    """Whether the right chain begins with the words of this text, finished or not; the empty text is still right."""
    words = text.split()
    return right_chain(problem).split()[: len(words)] == words


def verify(problem: Problem, text: str, *, ended: bool = True) -> Verification:
    """Check a response step by step, and its answer by itself; a step may be a call of the calculator.

    A response that was cut before it ended (`ended` false) has no answer, and is no right chain.
    """
    right, steps = split_steps(right_chain(problem)), split_steps(without_calls(text, problem.modulus))
    right_steps = 0
    for expected, step in zip(right, steps, strict=False):
        if step != expected:
            break
        right_steps += 1
    if right_steps == len(right) and (len(steps) > len(right) or not ended):
        right_steps -= 1  # the chain did not end where it should
    last = _ANSWER.fullmatch(steps[-1]) if steps and ended else None
    answer = None if last is None else int(last[1])
    return Verification(right_steps, len(right), answer, answer == problem.answer)


def step_value(prompt: Sequence[Message], text: str, state: StepState) -> float:
    """1 where the right chain begins with the text, or is the text where that has ended; else 0.

    A text that was cut is worth 0, since it gives no answer.

    Raises:
        BenchError: a prompt that is not of this world.
    """
    try:
        (message,) = prompt
        problem = read_problem(message.content)
    except ValueError as error:
        raise BenchError(
            f"search over steps: a prompt is not of the world of arithmetic ({error}); only prompts of source "
            "'arithmetic' as they are have steps that it can check, take transforms of prompts away"
        ) from None
    if state == "open":
        return float(is_still_right(problem, text))
    return float(verify(problem, text, ended=state == "ended").chain_is_right)


def verify_contest(contest: Contest, judge: str) -> tuple[Verification, Verification]:
    """What of the first and of the second text of a contest is right.

    Raises:
        BenchError: a prompt that is not of this world; `judge` is named in the message.
    """
    try:
        (message,) = contest.prompt
        problem = read_problem(message.content)
    except ValueError as error:
        raise BenchError(
            f"judge {judge}: example {contest.example} is not of the world of arithmetic ({error}); only source "
            "'arithmetic' has answers that it can check, choose another judge"
        ) from None
    first = verify(problem, contest.first, ended=contest.first_ended)
    return first, verify(problem, contest.second, ended=contest.second_ended)
