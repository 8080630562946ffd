"""What a killed world left half-way of rounds and of training on drawn rows, by what lies on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from safetensors import SafetensorError, safe_open

from tests.soak.comparison import unfinished

IN_TRAINING, IN_BUFFER, IN_HALVES, IN_ROUND = (
    "in a training on drawn rows",
    "in a buffer of drawn rows",
    "between two half steps",
    "in a round",
)
HALF_STEPS = "egpo"
"""The method whose updates are two steps."""


@dataclass(frozen=True)
class Chain:
    """One training of a finished world, as its files say it."""

    key: str
    span: int
    """Steps that are trained on what is drawn at once; 0 where nothing is drawn while it is trained."""
    is_halved: bool
    rows: tuple[str, ...]
    """Keys of the stages that drew, labelled and selected the rows of its round, and of no earlier one."""


def chains_of(folder: Path, stages: Mapping[str, set[str]]) -> list[Chain]:
    """The trainings of a finished world that draw or are rounds.

    Args:
        folder: of the world.
        stages: key -> keys of what it reads.
    """
    return [chain for chain in _chains(folder, stages) if chain.span or chain.rows]


def _chains(folder: Path, stages: Mapping[str, set[str]]) -> Iterator[Chain]:
    for key in stages:
        if key.split("/")[0] != "preference":
            continue
        lock = YAML(typ="safe", pure=True).load(folder / "runs" / key / "lock.yaml")
        online: Mapping[str, Any] | None = lock["settings"].get("online")
        span = 0 if online is None else online["steps_per_generation"] * online["num_iterations"]
        rows = tuple(_rows_of(lock["inputs"]["data"], stages)) if "data" in lock["inputs"] else ()
        yield Chain(key, span, lock["settings"]["method"]["name"] == HALF_STEPS, rows)


def _rows_of(select: str, stages: Mapping[str, set[str]]) -> Iterator[str]:
    yield select
    for key in stages[select]:
        if key.split("/")[0] in ("label", "rollout"):
            yield key


def half_way(folder: Path, chains: list[Chain], stages: dict[str, set[str]]) -> Counter[str]:
    """Where a world stands that is started again: how many trainings and rounds it has to go on with, by kind."""
    waiting, counts = {*unfinished(folder, stages)}, Counter[str]()
    for chain in chains:
        if chain.key not in waiting:
            continue
        stage = folder / "runs" / chain.key
        step = _steps_done(stage / "checkpoint" / "state.safetensors")
        drawn = any(key not in waiting or (folder / "runs" / key / "parts").is_dir() for key in chain.rows)
        counts[IN_ROUND] += drawn or (bool(chain.rows) and step > 0)
        counts[IN_TRAINING] += chain.span > 0 and step > 0
        counts[IN_BUFFER] += chain.span > 1 and step % chain.span > 0
        counts[IN_HALVES] += chain.is_halved and step % 2 > 0
    return +counts


def within(chains: Sequence[Chain], waiting: Collection[str], stages: Mapping[str, set[str]]) -> dict[str, str]:
    """Moment -> where a training that could start now writes its checkpoints: one with a buffer, one of half steps.

    Args:
        chains: of the world.
        waiting: keys of the stages that are not finished.
        stages: key -> keys of what it reads.
    """
    could_start = [chain for chain in chains if chain.key in waiting and not stages[chain.key] & {*waiting}]
    aims = [(IN_BUFFER, chain.key) for chain in could_start if chain.span > 1]
    aims += [(IN_HALVES, chain.key) for chain in could_start if chain.is_halved]
    return {moment: f"runs/{key}/checkpoint" for moment, key in aims}


def _steps_done(checkpoint: Path) -> int:
    try:
        with safe_open(checkpoint, "pt") as file:
            return int(file.metadata()["step"])
    except (SafetensorError, OSError, KeyError):
        return 0
