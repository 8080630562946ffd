"""What stages draw, on plans of the micro setting; nothing is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, generate_section

from benchbench.commands.resolve import resolve_all
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.plan.draws import draws_under, family_of, stage_draws
from benchbench.plan.graph import Plan
from benchbench.recipe.overrides import parse_overrides


@pytest.fixture
def planned(tmp_path: Path, write_yaml):
    setting = write_yaml("drawn.yaml", MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4))

    def plan(*sets: str, targets=("dpo",)) -> Plan:
        loaded = resolve_all(targets, setting=str(setting), overrides=parse_overrides(sets))
        return open_session(loaded, (1, 2), RunOptions("cpu", runs=tmp_path / "runs"), with_samples=True).plan

    return plan


def draws(plan: Plan, kind: str, seed: int = 1) -> dict[str, int]:
    (spec,) = [
        s
        for s in plan.stages.values()
        if s.kind == kind and f"dpo seed {seed}" in s.title or (s.kind == kind == "sft" and f"seed {seed}" in s.title)
    ]
    return dict(stage_draws(spec))


def test_every_stage_says_what_it_draws_and_from_which_seed(planned):
    plan = planned()
    assert draws(plan, "sft", 2) == {"initialisation": 2, "order": 2}
    assert draws(plan, "preference", 2) == {"order": 2}, "it starts from the SFT policy"
    assert draws(plan, "generate", 2) == {"sampling": 2}
    assert draws(plan, "score", 2) == {}


def test_what_switches_a_stream_off_or_on_is_seen(planned):
    in_order = planned("preference.data_order=sequential", "preference.disable_dropout=false")
    assert draws(in_order, "preference") == {"dropout": 1}
    fixed = planned("seeds.scope=init_only", "seeds.fixed_seed=7")
    assert draws(fixed, "sft", 2) == {"initialisation": 2, "order": 7}
    greedy = planned("generate.temperature=0")
    assert draws(greedy, "generate") == {}


def test_a_cell_draws_what_its_stages_draw_and_a_family_has_every_seed(planned):
    plan = planned(targets=("dpo", "simpo"))
    cell = plan.cells[1]
    assert (cell.loaded.label, cell.seed) == ("dpo", 2)
    under = draws_under(plan, [cell.generate])
    assert under == {
        ("sampling", "generate"): {2},
        ("order", "preference"): {2},
        ("order", "sft"): {2},
        ("initialisation", "sft"): {2},
    }
    families = {(c.loaded.label, c.seed): family_of(plan, c.policy) for c in plan.cells}
    assert families["dpo", 1] == families["dpo", 2] != families["simpo", 1] == families["simpo", 2]
