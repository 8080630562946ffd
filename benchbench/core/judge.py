"""Judging as data: contests between two responses, and verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.identity import plain
from benchbench.core.repository import Repository

UNCOUNTED = "uncounted"
"""In a verdict's usage: answers whose cost is unknown, since nobody said what they took."""


@dataclass(frozen=True)
class Contest:
    """Two responses to one prompt, in the slots in which a judge sees them."""

    example: str
    sample: int
    prompt: tuple[Message, ...]
    first: str
    """Text in the first slot."""
    second: str
    first_ended: bool = True
    """Whether it came to its own end; false for a response that was cut at a number of tokens."""
    second_ended: bool = True


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one contest."""

    first_wins: float | None
    """1 the first slot wins, 0 the second, 0.5 a tie; any other number in [0, 1] is a probability; none: missing."""
    raw: str = ""
    """The judge's own words, or its two scores, as they came."""
    note: str = ""
    """Why it is missing."""
    usage: Mapping[str, float] = field(default_factory=dict)
    """What it took, such as requests, tokens and cost; summed over a run."""
    answered_by: str = ""
    """Who answered, in the judge's own words: the dated model that a server names."""
    scores: tuple[float, float] | None = None
    """Of the first and of the second text, where the judge scores each by itself; in its own units."""


@dataclass(frozen=True)
class JudgeContext:
    """Where a judge works; nothing of it may move a verdict."""

    folder: Path
    """Folder of the recipe file, from which relative paths of the options start."""
    device: str = "cpu"
    report: Callable[[str], None] = lambda _: None
    """Called with a line for people, such as a wait before a retry."""
    should_stop: Callable[[], bool] = lambda: False
    """Whether the run is to end; a judge that takes long asks twice a second and then gives what it has."""
    known: int = 0
    """Contests of this run whose verdicts were read from the cache, so that the judge is not asked for them."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """What `Judge.identity` gave for this run, under which answers are kept; empty where nobody keeps them."""
    root: Path | None = None
    """The `runs/` folder, which records what was verified of the hub's cache; without one it is read each time."""

    def require(self, pin: str, content: str, what: str) -> None:
        """Refuse a file that is another than the one that was pinned.

        Args:
            pin: its name in the identity.
            content: the same of what the judge has read.
            what: for the message, the option and the file.

        Raises:
            BenchError: the file was changed in between.
        """
        if self.pins.get(pin, content) != content:
            raise changed(what)


def changed(what: str) -> BenchError:
    """The error for a file of a judge that was edited while the run went on."""
    return BenchError(
        f"{what}: expected the content that it had when this run was planned, found another; run the command again to "
        "judge by the new one, or put the old one back"
    )


@dataclass(frozen=True)
class Judge:
    """An exhibit of the judges room."""

    name: str
    version: int
    """Raised by hand when its verdicts change."""
    options: type[Any]
    """Frozen dataclass of its options; all but those of `handling` are part of a verdict's identity."""
    sees_slots: bool
    """Whether the slot may matter to it, so that both orders are asked; a score of each text by itself sees none."""
    judge: Callable[[Any, Sequence[Contest], JudgeContext], Iterator[tuple[int, Verdict]]]
    """(options, contests, context) -> (place of the contest, its verdict) once for each, as they come and in any order,
    so that a judge that dies half-way has given all that it had. Identical texts never reach it; they tie uncalled.
    It may give fewer where `context.should_stop` says so, and nowhere else.

    Raises BenchError for what cannot be judged at all: a server that cannot be reached, a file of other texts.
    """
    identity: Callable[[Any, Path], Mapping[str, str]] = lambda _options, _folder: {}
    """(options, folder) -> what pins its verdicts besides the options: hashes of weights or files."""
    repository: Callable[[Any, Path], Repository | None] = lambda _options, _folder: None
    """(options, folder) -> the repository of the hub whose files it reads, which are verified before it answers."""
    handling: frozenset[str] = frozenset()
    """Options that move no verdict, such as a rate limit, or that `identity` pins by content, such as a path."""
    on_missing: frozenset[str] = frozenset()
    """Those of `handling` that say what becomes of a contest without a verdict: no part of what an answer is kept
    under, but of a finished stage where they are not at their default."""
    pinned_by: Mapping[str, str] = field(default_factory=dict)
    """Name in `identity` -> the option that names what is pinned, for messages."""
    describes: tuple[str, ...] = ()
    """Options that say what the world of the data is, and not what the judge likes: where the data's source has an
    option of that name, a recipe has the same value in both."""
    source: str = ""
    """Name of the only data source whose prompts it knows, such as `toy`; empty for any."""
    uses_device: bool = False
    """Whether it runs a model on the context's device, and each contest by itself, so that several processes may share
    the contests without moving a verdict."""
    asked_alone: bool = False
    """Whether only one stage at a time may ask it, since every answer is paid for and requests are paced."""


def missing_settings(judge: Judge, options: Any) -> dict[str, Any]:
    """How contests without a verdict are treated, where not as by default; part of stage settings alone."""
    values = plain(options)
    defaults = {option.name: option.default for option in dataclasses.fields(judge.options)}
    return {name: values[name] for name in sorted(judge.on_missing) if values[name] != defaults[name]}
