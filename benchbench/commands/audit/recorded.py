"""What `runs/` holds, as rows and seeds: stages that finished, read from their lock files without recipe or data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from benchbench import stages
from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.plan.draws import family_of
from benchbench.plan.graph import Plan
from benchbench.stages.settings import POLICIES
from benchbench.store.files import folders
from benchbench.store.runs import RunStore, finished_stage

_TITLE = re.compile(r"(?P<label>.+?) seed (?P<seed>\d+)\b")


@dataclass(frozen=True)
class SeedCell:
    """One seed of one row, as far as its seeds are concerned."""

    label: str
    seed: int
    group: str
    """Rows of one group are compared, seed by seed: they start from the same policy."""
    roots: tuple[str, ...]
    """Keys of the stages that it ends in; what these rest on belongs to it."""
    policy: str | None
    """Key of the stage that leaves the policy; none where that is the base model as it is."""
    rows: str | None
    """Key of the stage whose rows show what came out; none where there is none."""


def recorded_plan(store: RunStore) -> tuple[Plan, int]:
    """The finished stages of `runs/`, and how many folders of stages are not read.

    A folder is not read where its stage did not finish, rests on one that is not there, or was written by a version
    whose settings were others.
    """
    plan, unread = Plan(), 0
    for kind in stages.kinds():
        for folder in folders(store.root / kind):
            spec = _spec(store, f"{kind}/{folder.name}")
            if spec is None:
                unread += 1
            else:
                plan.stages[spec.key] = spec
    while incomplete := [key for key, spec in plan.stages.items() if not {*spec.inputs.values()} <= {*plan.stages}]:
        unread += len(incomplete)
        for key in incomplete:
            del plan.stages[key]
    return plan, unread


def _spec(store: RunStore, key: str) -> StageSpec | None:
    try:
        spec = stages.read_spec(finished_stage(store.folder(key)).as_json())
    except (BenchError, ValidationError):
        return None
    return spec if spec.key == key else None


def recorded_cells(plan: Plan) -> list[SeedCell]:
    """Every policy of the stages as a cell; rows of one name and different settings are numbered."""
    cells: list[SeedCell] = []
    families: dict[str, list[str]] = {}
    for key, spec in plan.stages.items():
        title = _TITLE.match(spec.title)
        if spec.kind not in POLICIES or title is None:
            continue
        same_name = families.setdefault(title["label"], [])
        family = family_of(plan, key)
        same_name += [] if family in same_name else [family]
        number = same_name.index(family) + 1
        label = title["label"] if number == 1 else f"{title['label']} ({number})"
        start = spec.inputs.get("policy")
        group = f"{spec.kind} from {'the base' if start is None else family_of(plan, start)}"
        rows, answers = _read_by(plan, key, "score"), _read_by(plan, key, "generate")
        roots = (key, *rows[:1], *answers[:1])
        cells.append(SeedCell(label, int(title["seed"]), group, roots, key, rows[0] if rows else None))
    return sorted(cells, key=lambda cell: (cell.group, cell.label, cell.seed))


def _read_by(plan: Plan, policy: str, kind: str) -> Sequence[str]:
    """Keys of the stages of a kind that put texts through a policy, those of one family at the same place."""
    keys = [key for key, spec in plan.stages.items() if spec.kind == kind and spec.inputs.get("policy") == policy]
    keys = [key for key in keys if kind != "score" or not plan.stages[key].settings.store_tokens]
    return sorted(keys, key=lambda key: (plan.stages[key].settings.data.split, family_of(plan, key)))
