"""Groups of toy responses, models that know what to say, and a policy whose words are written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchbench import oracles
from benchbench.core.example import Message
from benchbench.core.judge import JudgeContext
from benchbench.core.oracle import OracleContext, Scorer
from benchbench.core.rollout import Group, Labels, RolloutResponse
from benchbench.core.seeding import stream


def response(text: str) -> RolloutResponse:
    """A text is its characters as tokens, and `/` behind it says that it was cut."""
    cut, text = text.endswith("/"), text.removesuffix("/")
    return RolloutResponse(tuple(map(ord, text)), None if cut else 0, "length" if cut else "stop", "policy", text)


def group(*texts: str, prompt: str = "?", example: str = "x", **columns: float | str) -> Group:
    return Group(example, 1, (1,), (Message("user", prompt),), tuple(map(response, texts)), columns=columns)


@dataclass
class Model:
    """A scorer that says of each text what is written down, and counts how often it is called."""

    numbers: Mapping[str, Sequence[float]]
    calls: int = 0

    def __call__(self, groups: Sequence[Group]) -> list[list[list[float]]]:
        self.calls += 1
        return [[list(self.numbers[r.text]) for r in of_group.responses] for of_group in groups]


@dataclass
class Writer:
    """A policy that answers each prompt by a rule, and keeps what it was asked."""

    answer: Callable[[str], Sequence[str]]
    prompts: list[str] = field(default_factory=list)

    def __call__(self, prompts: Sequence[str], *, samples: int, max_new_tokens: int) -> list[list[str]]:
        self.prompts += prompts
        texts = [list(self.answer(prompt)) for prompt in prompts]
        assert all(len(answers) == samples for answers in texts)
        return texts


def context(
    seed: int = 0,
    models: Mapping[str, Scorer] | None = None,
    writer: Writer | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> OracleContext:
    of_judge = JudgeContext(Path(), should_stop=should_stop)
    return OracleContext(
        of_judge,
        models or {},
        writer,
        lambda of_group: stream(seed, f"label r{of_group.round} {of_group.example}"),
        lambda judge, options, contests: judge.judge(options, contests, of_judge),
        lambda text: [*map(ord, text)],
    )


def labelled(name: str, groups: Sequence[Group], within: OracleContext | None = None, **options: Any) -> list[Labels]:
    """Labels of every group, in their order."""
    oracle = oracles.get(name)
    of_place = dict(oracle.label(oracle.options(**options), groups, within or context()))
    assert sorted(of_place) == list(range(len(groups)))
    return [of_place[place] for place in range(len(groups))]
