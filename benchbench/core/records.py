"""Stages as data: what is to run, and what was recorded when it ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from benchbench.core.hashing import fingerprint
from benchbench.core.identity import identity, plain

CONTENT, READ = "content", "read"
"""In a record's summary: hash of what a stage made, and by input the hash of what it read."""
DIVERGED = "training diverged"
"""Beginning of the message of a stage whose loss or gradient was no finite number."""


@dataclass(frozen=True)
class StageSpec:
    """One stage of one cell: everything a worker needs."""

    kind: str
    """A folder of the room of stages, such as `sft` or `score`."""
    title: str
    """For people: what this is, in a few words."""
    settings: Any
    """Everything that reaches the stage's numbers, content hashes and versions included: the frozen settings class of
    its kind, or plain values where they were read from a lock file."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Name -> "kind/fingerprint" of the finished stages it reads."""
    run: Any = field(default_factory=dict)
    """Paths and settings of the run, beside the fingerprint; a memory setting that moves numbers is in it too."""

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the stage's result."""
        return fingerprint({"kind": self.kind, "settings": identity(self.settings), "inputs": dict(self.inputs)})

    @property
    def key(self) -> str:
        """The stage's folder below runs/: kind and fingerprint."""
        return f"{self.kind}/{self.fingerprint}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, for lock files and worker processes; `stages.read_spec` is the inverse."""
        return {
            "kind": self.kind,
            "title": self.title,
            "settings": identity(self.settings),
            "inputs": dict(self.inputs),
            "run": plain(self.run),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> StageSpec:
        """The same stage with its settings as plain values."""
        return cls(**values)


@dataclass(frozen=True)
class StageRecord:
    """What is known about a stage that ran.

    Raises:
        ValueError: no environment was recorded; a number whose circumstances are unknown is no result.
    """

    key: str
    status: str
    """`running`, `interrupted`, `failed` or `done`."""
    environment: Mapping[str, Any]
    """Device, versions, threads: what may move numbers without being in the fingerprint."""
    seconds: float = 0.0
    """Wall time, all attempts together."""
    tokens: int = 0
    """Tokens through the model, padding left out."""
    peak_memory_gib: float | None = None
    """Largest resident set of the worker while the last attempt ran, or largest allocation on the GPU; none where it
    is not known. Earlier versions recorded the largest of the worker's life."""
    peak_memory_note: str = ""
    """Why the largest is not known."""
    attempts: int = 1
    resumed_environments: Sequence[Mapping[str, Any]] = field(default_factory=list)
    """Environments of the attempts whose checkpoints this one went on from, the first attempt's first."""
    message: str = ""
    """Why it failed."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """Small facts worth showing: steps, last loss, rows, what was dropped."""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of a finished stage: name below its folder -> `bytes` and `sha256` of every file that it left. None were recorded
    by versions before, whose stages are read without such a check."""

    @property
    def has_diverged(self) -> bool:
        """Whether it failed since its loss or gradient was no finite number."""
        return self.status == "failed" and self.message.startswith(DIVERGED)

    def __post_init__(self) -> None:
        if not self.environment:
            raise ValueError(f"{self.key}: a record without environment")
