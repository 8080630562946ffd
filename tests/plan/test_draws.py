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
from tests.stages.rounds import drawn


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


def test_rounds_draw_responses_and_whatever_labels_and_selects_by_chance(planned):
    by_chance = drawn(oracle="{name: annotator}", selector="{name: best_random}")
    plan = planned(by_chance)
    assert {kind: in_round(plan, kind) for kind in ("rollout", "label", "select")} == {
        "rollout": {"sampling": 2},
        "label": {"sampling": 2},
        "select": {"sampling": 2},
    }
    plan = planned(drawn(oracle="{name: gold}", selector="{name: best_worst}"))
    assert in_round(plan, "label") == in_round(plan, "select") == {}
    sets = ["sft=null", "preference.reference=base", "reward_model=null"]
    assert in_round(planned(drawn(), *sets), "rollout") == {"initialisation": 2, "sampling": 2}


def in_round(plan: Plan, kind: str) -> dict[str, int]:
    """What the one stage of a kind of the first round draws with seed 2."""
    every = [s for s in plan.stages.values() if s.kind == kind and "seed 2" in s.title and "round 1" in s.title]
    (spec,) = every
    return dict(stage_draws(spec))


def test_a_training_that_draws_says_so(planned):
    online = "online={sampler: {name: policy, num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, "
    online += "repetition_penalty: 1.0, max_new_tokens: 4}, oracle: {name: gold}, selector: {name: best_worst}}"
    assert draws(planned(online), "preference", 2) == {"order": 2, "sampling": 2}
    fixed = planned(online, "seeds.scope=init_only", "seeds.fixed_seed=7")
    assert draws(fixed, "preference", 2) == {"order": 7, "sampling": 7}


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
