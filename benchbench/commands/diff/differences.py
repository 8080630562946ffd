"""What tells two runs apart: settings, data, rows, versions, hardware, and where their logs part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchbench.commands.diff.sides import Side, Way
from benchbench.commands.recipes import leaves
from benchbench.core.records import StageRecord
from benchbench.store.prepared import read_prepared
from benchbench.store.stage_files import StageFiles, curves

SETTINGS, DATA, ROWS, VERSIONS, HARDWARE, OUTCOME = "settings", "data", "rows", "versions", "hardware", "outcome"
KINDS = (SETTINGS, DATA, ROWS, VERSIONS, HARDWARE, OUTCOME)
"""What may differ, in the order in which it is told; `rows` are those that were dropped, cut or flagged."""
_HARDWARE = (
    "device_kind",
    "device",
    "device_name",
    "cuda",
    "threads",
    "platform",
    "executor",
    "world_size",
    "device_share",
)
_OF_ITS_OWN = ("last", "tokenization", "read_back", "transforms")
"""Parts of a stage's summary that are told elsewhere, or are times and rounding."""


@dataclass(frozen=True)
class RunDifference:
    """One thing that is not the same on both sides."""

    stage: Way
    kind: str
    """One of `KINDS`."""
    name: str
    a: Any
    """None where this side has nothing of the name."""
    b: Any


@dataclass(frozen=True)
class Parting:
    """Where a logged number of a training is first not the same."""

    stage: Way
    name: str
    step: int
    """The first logged step at which the two differ."""
    before: int
    """Logged steps before it at which they are equal."""
    a: float
    b: float
    last_a: float
    """At the last step that both logged."""
    last_b: float


@dataclass(frozen=True)
class RunDiff:
    """Two runs, and everything that tells them apart."""

    a: Side
    b: Side
    differences: tuple[RunDifference, ...]
    partings: tuple[Parting, ...]
    equal_logs: tuple[str, ...]
    """Ways to trainings of two different folders whose logs are equal in every step that both logged."""
    only_a: tuple[str, ...]
    """Ways that lead to a stage on this side alone, each with the stage."""
    only_b: tuple[str, ...]
    same: tuple[Way, ...]
    """Ways that lead to one and the same stage."""

    def as_values(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "a": _side_values(self.a),
            "b": _side_values(self.b),
            "differences": [asdict(difference) for difference in self.differences],
            "partings": [asdict(parting) for parting in self.partings],
            "equal_logs": list(self.equal_logs),
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "same": list(self.same),
        }


def compare_sides(a: Side, b: Side) -> RunDiff:
    """Everything that tells two runs apart, each pair of stages once."""
    seen: set[tuple[Any, Any]] = set()
    differences: list[RunDifference] = []
    partings: list[Parting] = []
    equal_logs: list[str] = []
    same: list[Way] = []
    for way, first in a.stages.items():
        second = b.stages.get(way)
        if second is None or (first.folder, second.folder) in seen:
            continue
        seen.add((first.folder, second.folder))
        if first.folder.resolve() == second.folder.resolve():
            same.append(way)
            continue
        differences += stage_differences(way, first, second)
        parted = list(log_partings(way, first, second))
        partings += parted
        equal_logs += [way] if not parted and _has_common_step(first, second) else []
    ordered = sorted(differences, key=lambda each: KINDS.index(each.kind))
    return RunDiff(a, b, tuple(ordered), tuple(partings), tuple(equal_logs), _alone(a, b), _alone(b, a), tuple(same))


def stage_differences(way: Way, first: StageFiles, second: StageFiles) -> Iterator[RunDifference]:
    """What differs between two stages themselves; what they read is told by its own way."""
    for kind, values in _facts(first).items():
        others = _facts(second)[kind]
        for name in dict.fromkeys([*values, *others]):
            if not _is_same(values.get(name), others.get(name)):
                yield RunDifference(way, kind, name, values.get(name), others.get(name))


def log_partings(way: Way, first: StageFiles, second: StageFiles) -> Iterator[Parting]:
    """For each number that both logged, the first step at which it is not the same."""
    others = curves(second.log)
    for name, points in curves(first.log).items():
        there = dict(others.get(name, ()))
        common = [(step, value, there[step]) for step, value in points if step in there]
        for place, (step, mine, other) in enumerate(common):
            if not _is_same(mine, other):
                yield Parting(way, name, step, place, mine, other, common[-1][1], common[-1][2])
                break


def _has_common_step(first: StageFiles, second: StageFiles) -> bool:
    """Whether some number was logged at a step of both."""
    others = {name: {step for step, _ in points} for name, points in curves(second.log).items()}
    return any(step in others.get(name, ()) for name, points in curves(first.log).items() for step, _ in points)


def _is_same(a: Any, b: Any) -> bool:
    """Equal, or both NaN."""
    return bool(a == b) or (a != a and b != b)


def _facts(stage: StageFiles) -> Mapping[str, Mapping[str, Any]]:
    """Kind of difference -> name -> value, of everything that may tell a stage from another."""
    settings = dict(leaves(stage.spec.settings))
    record = stage.record
    about: Mapping[str, Any] = {} if record is None else record.environment
    summary: Mapping[str, Any] = {} if record is None else record.summary
    rows = {**_prepared(stage), **dict(leaves(summary.get("tokenization", {}), "tokenisation."))}
    packages = about.get("packages", {})
    return {
        SETTINGS: {name: value for name, value in settings.items() if not name.startswith("data.")},
        DATA: {name: value for name, value in settings.items() if name.startswith("data.")},
        ROWS: {name: value for name, value in rows.items() if not isinstance(value, Mapping)},
        VERSIONS: {"python": about["python"], **packages} if "python" in about else dict(packages),
        HARDWARE: {name: about[name] for name in _HARDWARE if name in about}
        | dict(leaves(about.get("variables", {}), "variable ")),
        OUTCOME: _outcome(record),
    }


def _outcome(record: StageRecord | None) -> dict[str, Any]:
    """How a stage ended, times and memory left out."""
    if record is None:
        return {"status": "not run"}
    shown = {name: value for name, value in record.summary.items() if name not in _OF_ITS_OWN}
    resumed = {"resumed": len(record.resumed_environments)} if record.resumed_environments else {}
    status = {"status": record.status, "tokens": record.tokens}
    return {**status, **resumed, **{name: value for name, value in leaves(shown) if not isinstance(value, list)}}


def _prepared(stage: StageFiles) -> dict[str, Any]:
    """What reading the split's rows came to: how many, which were dropped and why."""
    key, data = stage.spec.run.get("data_key"), stage.spec.settings.get("data") or {}
    prepared = None if key is None else read_prepared(stage.store.root, key)
    report = {} if prepared is None else prepared.report.get("splits", {}).get(data.get("split"), {})
    numbers = {name: value for name, value in leaves(report, "read ") if isinstance(value, int)}
    return {name.replace("read dropped.", "read and dropped: "): value for name, value in numbers.items()}


def _alone(side: Side, other: Side) -> tuple[str, ...]:
    """Ways of one side alone, the topmost of each part and each stage once."""
    alone = [way for way in side.stages if way not in other.stages]
    topmost = {side.stages[way].key: way for way in reversed(alone) if way.rpartition(" > ")[0] not in alone}
    return tuple(f"{way}: {side.stages[way].spec.title} ({key})" for key, way in reversed(topmost.items()))


def _side_values(side: Side) -> dict[str, Any]:
    stages: Sequence[tuple[Way, StageFiles]] = list(side.stages.items())
    return {
        "name": side.name,
        "stages": {
            way: {"key": stage.key, "folder": str(stage.folder), "title": stage.spec.title} for way, stage in stages
        },
        "missing": list(side.missing),
    }
