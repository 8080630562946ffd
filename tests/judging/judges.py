"""Judges for tests of judging, and responses for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict


@dataclass(frozen=True)
class Options:
    """Of a judge for tests."""

    strictness: float = 1.0
    pace: int = 3
    lenient: bool = False


class Counting:
    """A judge that prefers the longer text by `rule`, counts what it is asked, and may die after some answers."""

    def __init__(
        self,
        rule: Callable[[Contest], Verdict] | None = None,
        *,
        sees_slots: bool = True,
        dies_after: int | None = None,
        backwards: bool = False,
        listens: bool = False,
        asked_alone: bool = False,
    ) -> None:
        self.asked: list[Contest] = []
        self.rule = rule or longer
        self.dies_after, self.backwards, self.listens = dies_after, backwards, listens
        self.context = JudgeContext(Path())
        self.closed = False
        self.judge = Judge(
            name="counting",
            version=1,
            options=Options,
            sees_slots=sees_slots,
            judge=self._judge,
            identity=lambda options, folder: {"file": "ab12"},
            handling=frozenset({"pace", "lenient"}),
            on_missing=frozenset({"lenient"}),
            pinned_by={"file": "pace"},
            asked_alone=asked_alone,
        )

    def _judge(self, options: Any, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
        self.context, places = context, list(range(len(contests)))
        try:
            for place in reversed(places) if self.backwards else places:
                if self.dies_after is not None and len(self.asked) >= self.dies_after:
                    raise BenchError("the judge died", exit_code=ExitCode.UNAVAILABLE)
                if self.listens and context.should_stop():
                    return
                self.asked.append(contests[place])
                yield place, self.rule(contests[place])
        finally:
            self.closed = True


def longer(contest: Contest) -> Verdict:
    """The longer text wins."""
    sign = len(contest.first) - len(contest.second)
    words = f"{len(contest.first)} against {len(contest.second)}"
    return Verdict(0.5 + 0.5 * (sign > 0) - 0.5 * (sign < 0), words, usage={"requests": 1, "cost": 0.1})


def responses(texts: Sequence[str], *, samples: int = 1) -> pd.DataFrame:
    """Texts of as many examples, each so many times."""
    rows = [(f"e{i}", sample, text + "!" * sample) for i, text in enumerate(texts) for sample in range(samples)]
    return pd.DataFrame(rows, columns=["example", "sample", "text"])


def prompts(count: int) -> dict[str, tuple[Message, ...]]:
    """A prompt for each example."""
    return {f"e{i}": (Message("user", f"question {i}"),) for i in range(count)}
