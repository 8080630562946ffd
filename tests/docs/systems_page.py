"""docs/systems.md: published systems, and what of each runs here, computed from what the rooms hold."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchbench.analyses._exhibits import exhibits
from benchbench.analyses.coverage_list import STATUSES, status
from benchbench.report import markdown

TABLE = Path(__file__).resolve().parents[2] / "docs" / "systems.tsv"
HEAD = """# Systems

Published systems of preference optimisation, from [systems.tsv](systems.tsv), and what of each is here. The status is
computed from the rooms of exhibits and the recipes that ship by `make docs`, and checked by a test; nobody writes it by
hand:

- works: everything that the system is made of is here, as a method, a transform, a reward-model objective, a shaping of
  rewards, a source, a metric, a judge, an analysis, or a sampler, an oracle or a selector of rounds, as a way
  in which models are given their rows (`prefix_sharing`), or as a recipe that ships (`METHOD@VARIANT`, such as
  `dpo@iterative`), which says with which of these parts a system is run. A recipe may leave something of its paper out;
  its first lines say what.
- form unverified: so it is, but something of a part could not be checked against its source
  ([methods.md](methods.md) and [analyses.md](analyses.md) say what of losses and analyses, `open_question` of its file
  what of every other part)
- twin: so it is, as a text form of a system for another modality, which is no reproduction
- not yet: something is missing; the last column names it, and `needs` says what it takes

An id that names machinery and no exhibit (`rounds`: sampling, labelling and training in turn; `rl_loop`) is missing:
there is no recipe that runs the system with it. An arXiv number that is unverified is from memory.
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


def systems_page() -> str:
    """The whole document."""
    table, holding = systems(), exhibits()
    counts = Counter(status(system.ids, holding) for system in table)
    shown = "; ".join(f"{name}: {counts[name]}" for name in STATUSES if counts[name])
    rows = [
        {
            "row": system.row,
            "system": system.system,
            "arXiv": system.arxiv,
            "class": system.kind,
            "made of": ", ".join(f"`{name}`" for name in system.ids),
            "status": status(system.ids, holding),
            "needs": system.needs,
            "missing": ", ".join(f"`{name}`" for name in system.ids if name not in holding) or " ",
        }
        for system in table
    ]
    return f"{HEAD}\nOf {len(table)} systems: {shown}.\n\n{markdown.records(rows)}\n"
