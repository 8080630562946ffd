"""Source: where examples come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchbench.core.example import Example, Message
from benchbench.core.repository import Repository
from benchbench.core.tools import Tool

Splits = Mapping[str, Sequence[Example]]
"""Normalised examples by split name."""


@dataclass(frozen=True)
class Reading:
    """What became of the rows of one split before they were examples."""

    rows: int
    """Rows read."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Rows that are no example, by reason."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """What was put right or left open in rows that were kept, such as repeated ids or missing scores."""
    not_read: tuple[str, ...] = ()
    """Columns, and fields of turns, that carry no conversation and were not read, as the data calls them."""
    ordered: bool = True
    """Whether the first candidate of each example is the preferred one, as far as the rows tell; candidates without
    ratings are in no order."""


@dataclass(frozen=True)
class LoadedSplits(Mapping[str, Sequence[Example]]):
    """Splits, and how their rows were read; used as the splits themselves."""

    splits: Splits
    readings: Mapping[str, Reading]
    """By split name; a split that was carved out of another has the other's drops in the other's reading."""

    def __getitem__(self, split: str) -> Sequence[Example]:
        return self.splits[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self.splits)

    def __len__(self) -> int:
        return len(self.splits)


def no_repository(options: Any, folder: Path) -> None:
    """The answer of a source whose data is in no repository of the hub, nor in a folder of that format."""


def no_files(options: Any, folder: Path) -> Mapping[str, Path]:
    """The answer of a source that reads no files of this machine."""
    return {}


StepState = Literal["open", "ended", "cut"]
"""Of a text that is made of steps: it may go on, it came to its own end, or it was cut and so has none."""


@dataclass(frozen=True)
class StepValues:
    """What unfinished responses to a source's prompts are worth, for search over their steps."""

    separator: str
    """The text of the token that ends every step."""
    value: Callable[[Sequence[Message], str, StepState], float]
    """(prompt, text so far, whether it may go on) -> a finite number, higher is better.

    Raises BenchError for a prompt that is none of the source's."""
    version: int = 1
    """Raised by hand when a value changes."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One exhibit of the sources room."""

    name: str
    """Registry key; equals the file name."""
    options: type
    """Frozen dataclass of the options that a recipe gives under `data.options`."""
    load: Callable[[Any, Path], LoadedSplits]
    """(options, folder of the recipe file) -> splits.

    Raises BenchError with exit code 5 where the data cannot be had, 2 where it is not what the options say.
    """
    identity: Callable[[Any, Path], Mapping[str, str]]
    """(options, folder) -> what pins the content besides the options: file hashes or a resolved revision."""
    repository: Callable[[Any, Path], Repository | None] = no_repository
    """(options, folder) -> the repository that the data is from; raises as `identity` does."""
    files: Callable[[Any, Path], Mapping[str, Path]] = no_files
    """(options, folder) -> name in `identity` -> the file or folder of which it has the content hash."""
    knows: Callable[[Sequence[Message]], bool] | None = None
    """(prompt) -> whether it is one of this source's world; none where there is no such world."""
    steps: StepValues | None = None
    """What unfinished responses are worth; none where nothing knows."""
    tool: Tool | None = None
    """What its examples call, with the option that the tool names; none where they call nothing."""
    version: int = 1
    """Raised by hand when the examples this source produces change."""

    def tool_in_use(self, options: Any) -> Tool | None:
        """The tool that examples with these options call."""
        return self.tool if self.tool is not None and getattr(options, self.tool.option) else None
