"""Rounds that cannot be had are refused before anything runs, all at once and with what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO, generate_section

from benchbench.commands.resolve import resolve, resolve_all
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.core.errors import BenchError, ExitCode
from benchbench.recipe.overrides import parse_overrides
from tests.stages.rounds import ON_DATA, drawn

SETTING = generate_section(prompts=4, tokens=6)


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rounds") / "setting.yaml"
    path.write_text(MICRO.read_text(encoding="utf-8") + SETTING, encoding="utf-8")
    return path


def refusal(setting: Path, *sets: str, target: str = "dpo") -> str:
    """What is said of a recipe with these overrides, by the recipe alone or with its data; exit code 2."""
    with pytest.raises(BenchError) as refused:
        loaded = resolve(target, setting=str(setting), overrides=parse_overrides(sets))
        open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs"))
    assert refused.value.exit_code is ExitCode.USAGE
    return str(refused.value)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ([drawn(oracle="{name: none}")], "rounds.oracle.name: 'best_worst' reads labels; expected one of annotator"),
        ([drawn(selector="{name: best_wors}")], "unknown selector 'best_wors'. Did you mean 'best_worst'?"),
        ([drawn(selector="{name: best_worst, options: {min_gab: 1}}")], "min_gab: unknown key"),
        ([drawn(count=4, per_round=13)], "expected at most 12, since split 'train' has 48 examples in 4 rounds"),
        ([drawn(), "preference.split=sft"], "preference.split: expected train, whose prompts rounds.prompts.split"),
        (
            [drawn(), "score.split=train"],
            "rounds.prompts.split: expected a split that is not scored, got 'train', which is; draw",
        ),
        ([drawn(), "generate.split=train"], "rounds.prompts.split: expected a split that is not answered"),
        ([drawn(), "generate=null"], "generate: required, not given: rounds draw responses"),
        (
            [drawn(sampler="name: nash_mixture, num_samples: 2"), "generate.engine=vllm"],
            "generate.engine: expected auto or transformers, got vllm: 'nash_mixture' mixes policies",
        ),
        (["preference.reference=previous"], "preference.reference: expected sft or base, since the recipe has no"),
        (["preference.reference={round: 1}"], "preference.reference: expected sft or base, since the recipe has no"),
        ([drawn(), "preference.reference={round: 2}"], "expected a round up to 1, after which another comes, got {rou"),
        ([drawn(), "preference.reference=round"], "previous, start, or {round: NUMBER}, got the text 'round'"),
        ([ON_DATA.replace("name: data", "name: policy")], "rounds.sampler: 'policy' draws responses; required"),
        ([drawn(sampler="name: data, num_samples: 2")], "rounds.sampler: 'data' draws nothing; leave out"),
        ([drawn().replace("top_p: 1.0, ", "")], "missing: top_p"),
        ([drawn(selector="{name: all_candidates}")], "'dpo' takes pairs, 'all_candidates' makes lists"),
        ([drawn(oracle="{name: reward_stage}"), "reward_model=null"], "reward_model: required, not given: oracle"),
        (
            [drawn(oracle="{name: reward_stage}"), "reward_model.score_append_eos=false"],
            "reward_model.score_append_eos: expected true, as in training: drawn responses are rewarded token for",
        ),
        (
            [drawn(oracle="{name: reward_stage}"), "reward_model.max_length=20", "tokenization.max_prompt_length=16"],
            "reward_model.max_length: expected 22 or more (tokenization.max_prompt_length and the sampler's",
        ),
        ([drawn(more="replay: {rounds: 2}")], "replay.rounds: expected less than count 2, got 2"),
        ([ON_DATA.replace("split: train", "split: sft"), "preference.split=sft"], "split 'sft' has 1"),
        (
            [drawn(selector="{name: golden_vs_self}")],
            "rounds.oracle.name: expected none: nothing reads what 'gold' says; take a selector that reads labels",
        ),
        (
            [drawn(oracle="{name: annotator}", selector="{name: margin, options: {margin: implicit}}")],
            "rounds.selector.options: 'margin' reads the label column 'implicit', which oracle 'annotator' does not",
        ),
        (
            [drawn(selector="{name: path_siblings, options: {path: on_path}}")],
            "'path_siblings' reads the label column 'on_path', which oracle 'gold' does not make; oracles",
        ),
        ([drawn(oracle="{name: verifier}")], "oracle 'verifier' reads the columns answer, split 'train' has"),
    ],
)
def test_what_rounds_cannot_have_is_refused(setting: Path, sets: list[str], said: str):
    assert said in refusal(setting, *sets)


LISTS = "{name: all_candidates, options: {at_least: 1}}"


@pytest.mark.parametrize(
    ("method", "sets", "said"),
    [
        (
            "dpo",
            [drawn(sampler="name: policy, num_samples: 1")],
            "rounds.sampler.num_samples: expected 2 or more, got 1",
        ),
        (
            "imitation",
            [drawn(selector="{name: all_candidates}")],
            "rounds.selector.name: 'imitation' is trained on the first response, the preferred one, 'all_candidates'",
        ),
        (
            "imitation",
            [drawn(selector="{name: accepted_rejected}")],
            "'accepted_rejected' makes single responses with labels; expected one of all_pairs",
        ),
        (
            "spac",
            [drawn(sampler="name: pilaf, num_samples: 2", selector="{name: arm_pairs, options: {pairs: all}}")],
            "rounds.sampler.name: 'spac' reads column 'from_previous', which marks the responses of arm 'policy'; exp",
        ),
        (
            "kto",
            [drawn()],
            "'kto' takes single responses with labels, 'best_worst' makes pairs; expected one of accepted_rejected",
        ),
        (
            "ddo_rm",
            [drawn(selector=LISTS), "preference.reward={source: column, column: score}"],
            "rounds.selector.options.at_least: expected 2 or more, got 1: 'ddo_rm' compares the responses to one",
        ),
        (
            "ddo_rm",
            [
                drawn(selector=LISTS, sampler="name: policy, num_samples: 1"),
                "preference.reward={source: column, column: score}",
            ],
            "rounds.sampler.num_samples: expected 2 or more, got 1",
        ),
    ],
)
def test_a_method_gets_the_responses_that_it_compares(setting: Path, method: str, sets: list[str], said: str):
    assert said in refusal(setting, *sets, target=method)


def test_a_method_over_a_whole_step_needs_lists_of_one_length():
    from benchbench import methods, samplers, selectors
    from benchbench.plan.checks.drawn_lists import list_faults

    selector, sampler = selectors.get("all_candidates"), samplers.get("policy")
    coupled, arms = replace(methods.get("ddo_rm"), coupled=True), sampler.arms(sampler.options(), 4)
    (fault,) = list_faults(coupled, coupled.hyper(), selector, selector.options(), arms, section="rounds")
    assert (
        fault.where == "rounds.selector.options.at_least" and "expected 4, all that are drawn, got 2" in fault.message
    )
    alike = selector.options(at_least=4)
    assert not [*list_faults(coupled, coupled.hyper(), selector, alike, arms, section="rounds")]


@pytest.mark.parametrize("method", ["dno", "sppo"])
def test_a_method_of_win_rates_takes_pairs_that_were_ranked_within_their_group(setting: Path, method: str):
    loaded = resolve(method, setting=str(setting), overrides=parse_overrides([drawn()]))
    assert open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs")).plan.stages
    text = refusal(setting, drawn(selector="{name: golden_vs_self}"), target=method)
    assert "reads the columns win_rate, 'golden_vs_self' makes none" in text


def test_a_method_for_plain_samples_takes_no_others(setting: Path):
    hot = drawn(oracle="{name: annotator}").replace("temperature: 1.0", "temperature: 0.7")
    text = refusal(setting, hot, target="nash_md")
    assert "'nash_md' is right for plain samples alone; expected temperature 1" in text


KEPT = "{name: all_pairs, options: {ties: keep, cut: keep}}"
BY_SCORE = "preference.reward={source: column, column: score}"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (drawn(selector=KEPT, sampler="name: policy_and_reference, num_samples: 2"), "rounds.sampler.name: 'p3o' is"),
        (drawn(selector=KEPT, sampler="name: history, num_samples: 2"), "expected policy, got history, which has"),
        (drawn(selector=KEPT, more="replay: {rounds: 1}"), "rounds.replay.rounds: expected 0: 'p3o' is right for"),
        (drawn(), "rounds.selector: 'p3o' is right for plain samples alone, and 'best_worst'"),
        (drawn(selector="{name: all_pairs}"), "and 'all_pairs' with these options leaves some out"),
    ],
)
def test_a_method_for_its_policys_samples_takes_all_of_them_and_no_others(setting: Path, section: str, said: str):
    assert said in refusal(setting, section, BY_SCORE, target="p3o")


@pytest.mark.parametrize("method", ["p3o", "online_ipo2", "nash_md"])
def test_a_method_for_its_policys_samples_takes_no_split(setting: Path, method: str):
    text = refusal(setting, target=method)
    assert f"rounds: required, not given: '{method}' is right for samples of its policy alone" in text


@pytest.mark.parametrize(("method", "more"), [("p3o", (BY_SCORE,)), ("online_ipo2", ())])
def test_all_plain_samples_of_a_round_are_taken(setting: Path, method: str, more: tuple[str, ...]):
    loaded = resolve(method, setting=str(setting), overrides=parse_overrides([drawn(selector=KEPT), *more]))
    assert open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs")).plan.cells


def test_gold_knows_the_toy_world_alone(setting: Path):
    text = refusal(setting, drawn(), "data={source: local_files, options: {files: {train: t.jsonl, test: t.jsonl}}}")
    assert "rounds.oracle.name: 'gold' knows the prompts of source toy alone" in text


def test_all_faults_come_at_once(setting: Path):
    text = refusal(setting, drawn(selector="{name: all_candidates}", oracle="{name: none}"), "preference.split=sft")
    assert "3 problems" in text


def test_two_engines_in_one_comparison_are_refused(setting: Path):
    """Named for one recipe, and settled otherwise for another one."""
    by_name = parse_overrides([drawn(sampler="name: nash_mixture, num_samples: 2")])
    mixed = resolve("dpo", setting=str(setting), overrides=by_name)
    vllm = resolve("ipo", setting=str(setting), overrides=parse_overrides([drawn(), "generate.engine=vllm"]))
    from benchbench.plan.checks.round_data import mixed_engine_faults
    from benchbench.plan.prepare import prepare

    prepared = prepare(mixed, setting.parent / "runs")
    ((loaded, fault),) = mixed_engine_faults([(mixed, prepared), (vllm, prepared)], lambda: "cpu")
    assert loaded is vllm and fault.where == "generate.engine"
    assert "expected transformers for rollouts, got vllm: 'dpo' draws with transformers" in fault.message


def test_rounds_that_can_be_had_are_planned(setting: Path):
    loaded = resolve_all(
        ["dpo", "ipo"], setting=str(setting), overrides=parse_overrides([drawn(more="evaluate: each")])
    )
    plan = open_session(loaded, (1,), RunOptions("cpu", runs=setting.parent / "runs"), with_samples=True).plan
    kinds = [spec.kind for spec in plan.stages.values()]
    assert kinds.count("rollout") == kinds.count("label") == kinds.count("select") == 3, "round 1 is shared"
    for cell in plan.cells:
        assert all(each.score is not None and each.generate is not None for each in cell.rounds)
        assert cell.rounds[-1].score == cell.score and cell.rounds[-1].generate == cell.generate


@pytest.mark.parametrize("method", ["p3o", "alpha_spin", "inpo", "spo_sequential", "spac"])
def test_a_method_that_compares_the_reference_with_the_last_policy_takes_no_previous_reference(
    setting: Path, method: str
):
    text = refusal(setting, drawn(selector=KEPT), "preference.reference=previous", BY_SCORE, target=method)
    assert "preference.reference: expected sft" in text and "previous" in text


def test_the_reference_may_be_the_policy_that_a_round_left(setting: Path):
    """In the third round that of the first, which the second starts from; in those before as `previous`."""
    sections = [drawn(count=3, per_round=8), "preference.reference={round: 1}"]
    loaded = resolve("dpo", setting=str(setting), overrides=parse_overrides(sections))
    plan = open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs")).plan
    (cell,) = [cell for cell in plan.cells if cell.rounds]
    first, _, last = cell.rounds
    anchors = [plan.stages[plan.stages[each.policy].inputs["reference"]].inputs["policy"] for each in cell.rounds]
    assert anchors[1:] == [first.policy, first.policy] and anchors[0] not in (first.policy, last.policy)


def test_what_is_derived_for_one_reference_takes_no_other(setting: Path):
    text = refusal(setting, drawn(), "preference.reference=base", target="spo_sequential")
    assert (
        "preference.reference: expected sft: 'spo_sequential' is derived for the policy that all rounds start" in text
    )


def test_a_method_of_the_last_policy_alone_reads_no_reference(setting: Path):
    overrides = parse_overrides([drawn(), "preference.reference=previous"])
    loaded = resolve("onpo", setting=str(setting), overrides=overrides)
    assert open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs")).plan.cells


@pytest.mark.parametrize(("data", "candidates"), [("none", None), ("right", 1), ("scored", 0)])
def test_the_splits_candidates_are_put_behind_the_draws_where_the_options_read_them(
    setting: Path, data: str, candidates: int | None
):
    section = drawn(selector=f"{{name: right_wrong, options: {{data: {data}}}}}")
    loaded = resolve("dpo", setting=str(setting), overrides=parse_overrides([section]))
    plan = open_session([loaded], (1,), RunOptions("cpu", runs=setting.parent / "runs")).plan
    rollouts = [spec.settings for spec in plan.stages.values() if spec.kind == "rollout"]
    assert [settings.sampler.candidates for settings in rollouts] == [candidates] * 2
