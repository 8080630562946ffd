"""Identities of stages in plans of many rounds, where the ways from the last stage to the first double in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import MICRO, generate_section

from benchbench.commands.resolve import resolve_all
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.core.hashing import fingerprint
from benchbench.core.records import StageSpec
from benchbench.plan.draws import family_of
from benchbench.plan.graph import Plan
from benchbench.plan.replicates import copies, run_of
from benchbench.recipe.overrides import parse_overrides
from tests.stages.rounds import drawn

ROUNDS = 12


def plan_of_rounds(tmp_path: Path, write_yaml: Any) -> Plan:
    setting = write_yaml("drawn.yaml", MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4))
    sets = [drawn(count=ROUNDS, per_round=2), "preference.reference=previous"]
    loaded = resolve_all(["dpo"], setting=str(setting), overrides=parse_overrides(sets))
    return open_session(loaded, (1, 2), RunOptions("cpu", runs=tmp_path / "runs")).plan


def test_each_stage_is_looked_at_once_however_many_rest_on_it(tmp_path: Path, write_yaml):
    plan, looks = plan_of_rounds(tmp_path, write_yaml), Counter[str]()

    def title(spec: StageSpec) -> Mapping[str, Any]:
        looks[spec.key] += 1
        return {"title": spec.title}

    names = {cell.seed: plan.identity_by(cell.score, title) for cell in plan.cells if cell.policy is not None}
    assert len(looks) > 4 * ROUNDS and set(looks.values()) == {1}
    assert len(set(names.values())) == 2, "titles name the seed"
    first = next(key for key, spec in plan.stages.items() if not spec.inputs)
    spec = plan.stages[first]
    assert plan.identity_by(first, title) == fingerprint({"kind": spec.kind, "title": spec.title, "inputs": {}})


def test_runs_of_two_seeds_differ_and_their_families_do_not(tmp_path: Path, write_yaml):
    plan = plan_of_rounds(tmp_path, write_yaml)
    last = [cell.score for cell in plan.cells if cell.loaded.label == "dpo"]
    assert len(last) == 2
    assert len({run_of(plan, key) for key in last}) == 2 and len({family_of(plan, key) for key in last}) == 1
    twice = replace(plan, cells=[*plan.cells, *plan.cells])
    assert copies(twice) == [], "as in `bench quirks`, where a row stands in several tables"
