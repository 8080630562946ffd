"""docs/systems.md: published systems, and what of each runs here, computed from what the rooms hold."""

from __future__ import annotations

import csv
import importlib
import pkgutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import benchbench
from benchbench.core.analysis import Analysis
from benchbench.core.method import Method
from benchbench.report import markdown

TABLE = Path(__file__).resolve().parents[2] / "docs" / "systems.tsv"
ROOMS = ("methods", "transforms", "reward_objectives", "sources", "metrics", "judges", "analyses")
"""Rooms whose exhibits a system may be made of; one that is not there holds nothing."""
STATUSES = ("works", "form unverified", "twin", "twin, form unverified", "not yet")
HEAD = """# Systems

Published systems of preference optimisation, from [systems.tsv](systems.tsv), and what of each is here. The status is
computed from the rooms of exhibits by `make docs`, and checked by a test; nobody writes it by hand:

- works: everything that the system is made of is here, as a method, a transform, a reward-model objective, a source, a
  metric, a judge or an analysis
- form unverified: so it is, but a part of a loss or an analysis could not be checked against its source
  ([methods.md](methods.md) and [analyses.md](analyses.md) say which)
- twin: so it is, as a text form of a system for another modality, which is no reproduction
- not yet: something is missing; the last column names it, and `needs` says what it takes

An id that names machinery and no exhibit (`rounds`: sampling, labelling and training in turn; `rl_loop`;
`tree_sampler`) is missing until there is such an exhibit. An arXiv number that is unverified is from memory.
"""


@dataclass(frozen=True)
class System:
    """A line of the table, which holds facts of the literature and no status."""

    row: str
    system: str
    arxiv: str
    kind: str
    ids: tuple[str, ...]
    needs: str


def systems() -> list[System]:
    """All lines of the table, in its order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        System(row, name, arxiv, kind, tuple(ids.split(", ")), needs)
        for row, name, arxiv, kind, ids, needs in lines[1:]
    ]  # noqa


def exhibits() -> dict[str, list[Any]]:
    """Name -> the exhibits of all rooms that have it."""
    there = {module.name for module in pkgutil.iter_modules(benchbench.__path__)}
    holding: dict[str, list[Any]] = {}
    for name in (name for name in ROOMS if name in there):
        room = importlib.import_module(f"benchbench.{name}")
        for exhibit in room.names():
            holding.setdefault(exhibit, []).append(room.get(exhibit))
    return holding


def missing(system: System, holding: Mapping[str, list[Any]]) -> list[str]:
    """Ids of a system that no room has."""
    return [name for name in system.ids if name not in holding]


def status(system: System, holding: Mapping[str, list[Any]]) -> str:
    """What of a system is here: one of `STATUSES`."""
    if missing(system, holding):
        return "not yet"
    made_of = [exhibit for name in system.ids for exhibit in holding[name]]
    losses = [exhibit for exhibit in made_of if isinstance(exhibit, Method)]
    is_twin = any(loss.twin_of for loss in losses) or any(name.endswith("_twin") for name in system.ids)
    is_open = any(part.open_question for part in made_of if isinstance(part, Method | Analysis))
    words = [*(["twin"] if is_twin else []), *(["form unverified"] if is_open else [])]
    return ", ".join(words) or "works"


def systems_page() -> str:
    """The whole document."""
    table, holding = systems(), exhibits()
    counts = Counter(status(system, holding) for system in table)
    shown = "; ".join(f"{name}: {counts[name]}" for name in STATUSES if counts[name])
    rows = [
        {
            "row": system.row,
            "system": system.system,
            "arXiv": system.arxiv,
            "class": system.kind,
            "made of": ", ".join(f"`{name}`" for name in system.ids),
            "status": status(system, holding),
            "needs": system.needs,
            "missing": ", ".join(f"`{name}`" for name in missing(system, holding)) or " ",
        }
        for system in table
    ]
    return f"{HEAD}\nOf {len(table)} systems: {shown}.\n\n{markdown.records(rows)}\n"
