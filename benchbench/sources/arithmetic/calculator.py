"""The calculator of the world of arithmetic: what a call of it looks like, and its answer.

A call is `calc`, a number, operations on it and `modulo` a number, up to `=`; what the calculator writes behind it is
the result and a full stop, such as `2 .` behind `calc 7 plus 5 modulo 10 =`. Operations are done from left to right.
It reads words, and nothing else of a text is ever evaluated.
"""

from __future__ import annotations

import re

from benchbench.core.example import Span
from benchbench.core.tools import Tool
from benchbench.sources.arithmetic.problems import Operation

OPTION, CALL, END, STOP = "calculator", "calc", "=", "."
ERROR = f"error {STOP}"
"""Written behind a call that is none."""
MOST_OPERATIONS = 8
"""Operations of a call at most."""
_NUMBER = r"\d{1,6}"
_EXPRESSION = re.compile(
    rf"({_NUMBER})((?: (?:plus|minus|times) {_NUMBER}){{1,{MOST_OPERATIONS}}}) modulo ({_NUMBER}) {END}"
)
_OBSERVED = re.compile(rf"(?<={END} )(?:\d+|error) {re.escape(STOP)}")
_CLAIM = re.compile(r"(?<!\S)(\d+) (plus|minus|times) (\d+) is \d+ \.")
_STEP = re.compile(rf"{CALL} (\d+ (?:plus|minus|times) \d+) modulo (\d+) {END} (\d+)")


def calculate(text: str) -> str | None:
    """The observation of the last call of a text that ends in `=`; none where that is no call.

    Numbers have at most six digits, and a call at most eight operations, so that no call takes long. There is no
    result modulo 0.
    """
    _, calls, expression = f" {' '.join(text.split())}".rpartition(f" {CALL} ")
    parts = _EXPRESSION.fullmatch(expression) if calls else None
    if parts is None or int(parts[3]) == 0:
        return None
    value, modulus, words = int(parts[1]), int(parts[3]), parts[2].split()
    for name, operand in zip(words[::2], words[1::2], strict=True):
        value = Operation(name, int(operand)).apply(value, modulus)
    return f"{value} {STOP}"


def called(before: int, operation: Operation, modulus: int, after: int) -> str:
    """A step that calls the calculator, with the observation behind it."""
    expression = f"{before} {operation.name} {operation.operand} modulo {modulus}"
    return f"{CALL} {expression} {END} {after} {STOP}"


def observed(text: str) -> tuple[Span, ...]:
    """The stretches of a text, words separated by single spaces, that the calculator wrote."""
    return tuple(Span(match.start(), match.end(), 0.0) for match in _OBSERVED.finditer(text))


def without_calls(text: str, modulus: int) -> str:
    """The text with every call of one operation modulo this number said in words: `7 plus 5 is 2`."""

    def said(match: re.Match[str]) -> str:
        return f"{match[1]} is {match[3]}" if int(match[2]) == modulus else match[0]

    return _STEP.sub(said, text)


def traced(text: str, modulus: int) -> str:
    """A text, and behind it a call of the calculator with its answer for each step that the text says in words."""
    calls = []
    for before, name, operand in _CLAIM.findall(text):
        operation = Operation(name, int(operand))
        calls.append(called(int(before), operation, modulus, operation.apply(int(before), modulus)))
    return " ".join([text, *calls])


CALCULATOR = Tool(option=OPTION, call_end=END, answer=calculate, error=ERROR, most_tokens=8)
