"""Which published systems are here: every name of a list against the rooms, by status and by class.

A list has a system per row, such as those that surveys of preference optimisation name (docs/systems.tsv), with the ids
of what it is made of. An id is a method, a transform, a reward-model objective, a shaping, a source, a metric, a judge,
an analysis, a sampler, an oracle or a selector, a layout of rows, or a recipe that ships (METHOD@VARIANT), or it is
absent. A system works if nothing of it is absent; it is a twin where it stands for another modality in text, and its
form is unverified where a part of it, or a part of its recipe, could not be checked against its source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchbench.analyses._exhibits import ShippedRecipe, exhibits
from benchbench.analyses._totals import refuse_group_all
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper

TITLE = "Preference Tuning with Human Feedback on Language, Speech, and Vision Tasks: A Survey"
STATUSES = ("works", "form unverified", "twin", "twin, form unverified", "not yet")
SYSTEMS = RowsInput(
    "systems",
    "A published system.",
    (
        RowField("system", "text", "Name of the system."),
        RowField("ids", "text", "What it is made of, separated by commas."),
        RowField("row", "label", "Which list and place it is from.", optional=True),
        RowField("class", "text", "What kind of system it is.", optional=True),
    ),
    rest=True,
)


@dataclass(frozen=True)
class Options:
    """Which systems are looked at."""

    kind: str = ""
    """A word in the class of the systems to look at, such as survey; all by default."""


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Systems by class and status, every id with its room or `absent`, and every system with what of it is missing.

    Raises:
        BenchError: no system is of the kind, one has no id, or a class is called `all`.
    """
    rows = [row for row in inputs["systems"] if options.kind.lower() in str(row.get("class") or "").lower()]
    if not rows:
        raise BenchError(f"systems: expected a system with '{options.kind}' in its class, found none")
    named = [(row, [name.strip() for name in row["ids"].split(",") if name.strip()]) for row in rows]
    if without := [str(row["system"]) for row, ids in named if not ids]:
        raise BenchError(f"systems: expected ids of every system, found none of {', '.join(without)}")
    refuse_group_all("systems", "class", [row.get("class") for row in rows])
    holding = exhibits()
    systems = [
        {
            "row": str(row.get("row") or place),
            "system": row["system"],
            "class": str(row.get("class") or "-"),
            "status": status(ids, holding),
            "absent": ", ".join(name for name in ids if name not in holding) or "-",
        }
        for place, (row, ids) in enumerate(named, start=1)
    ]
    uses = Counter(name for _, ids in named for name in ids)
    ids = [
        {"id": name, "room": ", ".join(sorted(holding[name])) if name in holding else "absent", "systems": count}
        for name, count in sorted(uses.items(), key=lambda item: (item[0] in holding, -item[1], item[0]))
    ]
    classes = [_count(kind, systems) for kind in dict.fromkeys(system["class"] for system in systems)]
    classes = [_count("all", systems), *sorted(classes, key=lambda line: -line["systems"])]
    tables = [
        ("classes", "Systems by class", classes),
        ("ids", "What they are made of", ids),
        ("systems", "Systems", systems),
    ]
    notes = [f"{sum(name in holding for name in uses)} of {len(uses)} ids are here"]
    return Analysed([ResultTable(*table) for table in tables], notes)


def status(ids: Sequence[str], holding: Mapping[str, Mapping[str, Any]]) -> str:
    """What of a system is here: one of `STATUSES`."""
    if any(name not in holding for name in ids):
        return "not yet"
    parts = [part for name in ids for exhibit in holding[name].values() for part in _parts(exhibit)]
    is_twin = any(getattr(part, "twin_of", "") for part in parts) or any(name.endswith("_twin") for name in ids)
    is_open = any(getattr(part, "open_question", "") for part in parts)
    words = [*(["twin"] if is_twin else []), *(["form unverified"] if is_open else [])]
    return ", ".join(words) or "works"


def _parts(exhibit: Any) -> Sequence[Any]:
    """What an exhibit is made of: a recipe of several parts and itself, everything else of itself."""
    return (*exhibit.parts, exhibit) if isinstance(exhibit, ShippedRecipe) else (exhibit,)


def _count(kind: str, systems: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    counts = Counter(system["status"] for system in systems if kind in ("all", system["class"]))
    return {"class": kind, "systems": sum(counts.values()), **{name: counts[name] for name in STATUSES}}


ANALYSIS = Analysis(
    name="coverage_list",
    title="Which published systems are here, and what of the others is missing",
    paper=Paper("Winata et al.", 2024, arxiv="2409.11564", title=TITLE),
    analyse=analyse,
    inputs=(SYSTEMS,),
    options=Options,
    open_question="The names are those of a list of ours; the methods that a survey names were not all read from it.",
)
