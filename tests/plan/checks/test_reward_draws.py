"""Pairs for a reward model that cannot be drawn are refused before anything runs, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, generate_section

from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.core.errors import BenchError, ExitCode
from benchbench.recipe.overrides import parse_overrides
from tests.stages.reward_draws import drawn_pairs


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "setting.yaml"
    section = generate_section(prompts=4, tokens=6)
    path.write_text(MICRO.read_text(encoding="utf-8") + section, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ([drawn_pairs(selector="{name: west_of}")], "reward_model.drawn.selector.name: unknown selector 'west_of'"),
        (
            [drawn_pairs(selector="{name: west_of_n, options: {share: 2}}")],
            "reward_model.drawn.selector.options: share: expected",
        ),
        (
            [drawn_pairs(selector="{name: all_candidates}")],
            "drawn.selector.name: expected a selector that makes pairs",
        ),
        ([drawn_pairs(selector="{name: golden_vs_self}")], "of labelled draws (all_pairs, arm_pairs, best_random"),
        ([drawn_pairs(sampler="name: data, num_samples: 2")], "such as policy, got 'data'"),
        ([drawn_pairs(sampler="name: policy, num_samples: 1")], "sampler.num_samples: expected 2 or more responses"),
        ([drawn_pairs(draw="temperature: 1.0")], "missing: top_p"),
        ([drawn_pairs(prompts="{split: train, count: 49}")], "drawn.prompts.count: expected at most 48, since split"),
        ([drawn_pairs(prompts="{split: other, count: 1}")], "drawn.prompts.split: the data has no split 'other'"),
        ([drawn_pairs(prompts="{split: test, count: 1}")], "expected a split that is not scored, got 'test', which is"),
        ([drawn_pairs(), "generate=null"], "generate: required, not given: reward_model.drawn draws responses"),
        (
            [drawn_pairs(sampler="name: nash_mixture, num_samples: 4"), "generate.engine=vllm"],
            "generate.engine: expected auto or transformers, got vllm: 'nash_mixture' mixes policies",
        ),
        (
            [drawn_pairs(), "reward_model.pseudo_labels={split: train}"],
            "expected at most one of ensemble, pseudo_labels and drawn, got pseudo_labels and drawn",
        ),
        (
            [drawn_pairs(), "reward_model.objective={name: bt_soft}", "reward_model.center_rewards_coefficient=0"],
            "reward_model.drawn: expected an objective of pairs that reads nothing but their order, got 'bt_soft'",
        ),
        (
            ["reward_model.objective={name: bt_meta}"],
            "reward_model.drawn: required, not given: objective 'bt_meta' climbs",
        ),
        (
            [drawn_pairs(), "reward_model.objective={name: bt_meta}"],
            "drawn.selector.name: expected all_draws, got 'west_of_n': 'bt_meta' climbs on all draws to a prompt",
        ),
        (
            ["reward_model.objective={name: bt_meta, hyper: {eta: -1}}", drawn_pairs(selector="{name: all_draws}")],
            "reward_model.objective.hyper: eta: expected a finite number >= 0, got -1",
        ),
        ([drawn_pairs(selector="{name: all_draws}")], "drawn.selector.name: expected a selector that makes pairs"),
        ([drawn_pairs(policy="rloo@none")], "reward_model.drawn.policy: no recipe of 'rloo@none' in setting"),
        ([drawn_pairs(policy="reward_model")], "expected a recipe whose result is a policy, got the reward model"),
        ([drawn_pairs(), "reward_model.score_append_eos=false"], "drawn responses are rewarded token for token"),
    ],
)
def test_what_cannot_be_drawn_is_said_at_its_key(setting: Path, sets: list[str], said: str):
    with pytest.raises(BenchError) as refused:
        loaded = resolve("reward_model", setting=str(setting), overrides=parse_overrides(sets))
        open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs"))
    assert refused.value.exit_code is ExitCode.USAGE
    assert said in str(refused.value)
