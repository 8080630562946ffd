"""Two answers to a prompt for a terminal: in two columns where there is room, else below each other, with verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Self

from rich.cells import cell_len

from benchbench.core.example import Message
from benchbench.core.shown_text import visible
from benchbench.report.terminal import wrapped_text

TIE = "tie"
SIDE_BY_SIDE = 100
"""Columns of a terminal from which on answers stand beside each other."""
GUTTER = " | "
INDENT = "  "
Line = Sequence[tuple[str, str]]
"""(text, style) of its parts."""
FINISHES = {
    "stop": "ended",
    "length": "cut at the limit of tokens",
    "control_token": "cut at a control token",
    "no_token": "cut at an id without a token",
}
"""How a response ended -> in words."""


@dataclass(frozen=True)
class PolicyAnswer:
    """One policy's response."""

    label: str
    text: str
    tokens: int
    finish: str
    """A key of `FINISHES`."""

    @property
    def head(self) -> str:
        """Whose it is, and how it ended."""
        return f"{self.label}: {self.tokens} tokens, {FINISHES.get(self.finish, self.finish)}"


@dataclass(frozen=True)
class GivenVerdict:
    """One answer of a judge."""

    example: str
    sample: int
    label: str
    opponent: str
    order: str
    """Whose text was in the first slot: `first` the label's, `second` the opponent's; `both` for a judge without
    slots."""
    outcome: float
    """1 where the label won, 0 where the opponent did, 0.5 for a tie; NaN for a missing one."""
    identical: bool
    """The texts were equal, so nobody was asked."""
    score: float
    opponent_score: float
    note: str
    """Why it is missing."""

    @classmethod
    def of_row(cls, row: Mapping[Any, Any], *, label: str, opponent: str) -> Self:
        """The verdict of a row of verdicts.jsonl."""
        names = ("order", "outcome", "identical", "score", "opponent_score")
        values = {name: row[name] for name in names}
        return cls(str(row["example"]), int(row["sample"]), label, opponent, note=str(row["note"] or ""), **values)

    @property
    def winner(self) -> str:
        """Label, opponent or `tie`; empty for a missing verdict."""
        if math.isnan(self.outcome):
            return ""
        return TIE if self.outcome == 0.5 else self.label if self.outcome > 0.5 else self.opponent

    @property
    def line(self) -> str:
        """In words."""
        first = {"first": f", {self.label} first", "second": f", {self.opponent} first"}.get(self.order, "")
        result = f"missing ({visible(self.note) or 'no reason given'})"
        if self.winner:
            result = "tie" if self.winner == TIE else f"{self.winner} wins"
        scores = ""
        if not (math.isnan(self.score) or math.isnan(self.opponent_score)):
            scores = f" ({self.score:.4g} to {self.opponent_score:.4g})"
        return f"{self.label} against {self.opponent}{first}: {result}{', equal texts' * self.identical}{scores}"


@dataclass(frozen=True)
class AnsweredPrompt:
    """A prompt with both answers and what was said of them."""

    example: str
    sample: int
    prompt: tuple[Message, ...]
    answers: tuple[PolicyAnswer, PolicyAnswer]
    verdicts: tuple[GivenVerdict, ...]
    chosen: str | None = None
    """The data's own response, where answers were compared with it."""

    @property
    def winner(self) -> str:
        """Who won against the other over all orders, or `tie`; empty where that was not judged."""
        labels = [answer.label for answer in self.answers]
        outcomes = [
            verdict.outcome if verdict.label == labels[0] else 1 - verdict.outcome
            for verdict in self.verdicts
            if {verdict.label, verdict.opponent} == {*labels} and verdict.winner
        ]
        if not outcomes:
            return ""
        mean = fmean(outcomes)
        return TIE if mean == 0.5 else labels[0] if mean > 0.5 else labels[1]

    def as_values(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "example": self.example,
            "sample": self.sample,
            "prompt": [vars(message) for message in self.prompt],
            "answers": [vars(answer) for answer in self.answers],
            "chosen": self.chosen,
            "winner": self.winner or None,
            "verdicts": [vars(verdict) for verdict in self.verdicts],
        }


def answer_lines(row: AnsweredPrompt, width: int) -> Iterator[Line]:
    """One prompt, its two answers and every verdict.

    Args:
        row: the prompt.
        width: columns of the terminal.
    """
    sample = f", sample {row.sample}" if row.sample else ""
    yield [(f"prompt {row.example}{sample}", "bold underline")]
    for message in row.prompt:
        for line in wrapped_text(f"{message.role}: {message.content}", width - len(INDENT)):
            yield [(f"{INDENT}{line}", "cyan")]
    yield [("", "")]
    yield from _beside(row, width) if width >= SIDE_BY_SIDE else _below(row, width)
    if row.chosen is not None:
        yield [("chosen: the data's response", "bold")]
        yield from ([(f"{INDENT}{line}", "")] for line in wrapped_text(row.chosen, width - len(INDENT)))
        yield [("", "")]
    for verdict in row.verdicts:
        style = "" if verdict.winner else "red"
        yield from ([(line, style)] for line in wrapped_text(verdict.line, width))


def _below(row: AnsweredPrompt, width: int) -> Iterator[Line]:
    for answer in row.answers:
        yield from ([(line, _style(row, answer))] for line in wrapped_text(answer.head, width))
        yield from ([(f"{INDENT}{line}", "")] for line in wrapped_text(answer.text, width - len(INDENT)))
        yield [("", "")]


def _beside(row: AnsweredPrompt, width: int) -> Iterator[Line]:
    column = (width - len(GUTTER)) // 2
    heads = [wrapped_text(answer.head, column) for answer in row.answers]
    texts = [wrapped_text(answer.text, column) for answer in row.answers]
    for parts, styles in ((heads, [_style(row, answer) for answer in row.answers]), (texts, ["", ""])):
        for place in range(max(map(len, parts))):
            left, right = (part[place] if place < len(part) else "" for part in parts)
            blank = " " * (column - cell_len(left))
            yield [
                (left, styles[0]),
                (f"{blank}{GUTTER}".rstrip() if not right else f"{blank}{GUTTER}", "dim"),
                (right, styles[1]),
            ]
    yield [("", "")]


def _style(row: AnsweredPrompt, answer: PolicyAnswer) -> str:
    """The winner's name stands out; verdicts say it in words."""
    return "bold green" if row.winner == answer.label else "bold"
