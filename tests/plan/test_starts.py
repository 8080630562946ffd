"""Training that goes on from another recipe's policy: what it rests on, shares, refuses, counts, and trains."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from harness import MICRO, finish

from benchbench.commands.compare.ledger.measured import measured_row
from benchbench.commands.compare.ledger.planned import planned
from benchbench.commands.compare.row_facts import fairness
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.costs.run import costs_of
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.plan.anchors import anchor_recipe
from benchbench.recipe.anchors import AnchorSource
from benchbench.report.card_facts import CardFacts, CardRecipe
from benchbench.report.model_card import card_text
from benchbench.store.results import ResultStore

Stages = Mapping[str, StageSpec]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A recipe of the micro setting in this test's folder, by the name of its file."""

    def written(name: str, method: str, preference: str = "", more: str = "") -> Path:
        path = tmp_path / f"{name}.yaml"
        head = f"name: {name}\nsetting: {MICRO}\nmethod: {{name: {method}, variant: {name}}}\n"
        path.write_text(f"{head}preference: {{{preference}}}\n{more}", encoding="utf-8")
        return path

    return written


def planned_stages(folder: Path, *targets: object, sets: tuple[str, ...] = ()) -> Stages:
    """Title -> stage of a comparison."""
    request = CompareRequest([str(target) for target in targets], str(MICRO), ["1"], overrides=list(sets))
    plan = prepare_comparison(request, RunOptions(runs=folder / "runs")).session.plan
    return {spec.title: spec for spec in plan.stages.values()}


# What it rests on.


def test_training_and_reference_start_at_the_other_recipes_policy_which_is_one_stage(tmp_path: Path, write: Write):
    second = write("second", "ipo", "init_from: dpo")
    alone, beside = planned_stages(tmp_path, second), planned_stages(tmp_path, "dpo", second)
    first, trained = alone["dpo seed 1"], alone["ipo@second seed 1"]
    reference = next(spec for spec in alone.values() if spec.key == trained.inputs["reference"])
    assert trained.inputs["policy"] == reference.inputs["policy"] == first.key
    assert beside["dpo seed 1"].key == first.key and beside["ipo@second seed 1"].key == trained.key
    assert set(beside) - set(alone) == {"score dpo seed 1 on test"}, "where training starts nothing is scored"


def test_another_reference_is_taken_where_one_is_written(tmp_path: Path, write: Write):
    stages = planned_stages(tmp_path, write("second", "ipo", "init_from: dpo, reference: sft"), "ipo")
    assert stages["ipo@second seed 1"].inputs["reference"] == stages["ipo seed 1"].inputs["reference"]


def test_from_the_sft_recipe_it_is_the_training_without_a_start(tmp_path: Path, write: Write):
    """The exact reduction: the same stages to the key, whatever the reference is called."""
    plain, named = (
        planned_stages(tmp_path, write("same", "dpo", text)) for text in ("reference: sft", "init_from: sft")
    )
    assert {spec.key for spec in plain.values()} == {spec.key for spec in named.values()}
    absent = planned_stages(tmp_path, "dpo", sets=("preference.init_from=null",))
    assert {spec.key for spec in absent.values()} == {spec.key for spec in planned_stages(tmp_path, "dpo").values()}


def test_a_chain_of_three_goes_on_from_stage_to_stage(tmp_path: Path, write: Write):
    write("b", "ipo", "init_from: dpo")
    stages = planned_stages(tmp_path, write("c", "simpo", "init_from: b.yaml"))
    assert stages["simpo@c seed 1"].inputs["policy"] == stages["ipo@b seed 1"].key
    assert stages["ipo@b seed 1"].inputs["policy"] == stages["dpo seed 1"].key


def test_rounds_begin_at_the_other_policy_which_draws_first(tmp_path: Path, write: Write):
    draw = "num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0"
    rounds = (
        f"rounds: {{count: 2, prompts: {{split: train, per_round: 8}}, sampler: {{name: policy, {draw}, "
        "max_new_tokens: 4}, oracle: {name: gold}, selector: {name: best_worst}}\n"
        f"generate: {{split: test, num_prompts: 2, engine: transformers, dtype: float32, max_new_tokens: 4, {draw}}}\n"
    )
    drawing = write("drawing", "dpo", "init_from: ipo, max_steps: 2", rounds)
    stages = planned_stages(tmp_path, drawing)
    policy = stages["ipo seed 1"].key
    assert stages["rollout round 1 seed 1 of dpo@drawing on train"].inputs["policy"] == policy
    assert stages["dpo@drawing round 1 seed 1"].inputs["policy"] == policy
    references = {stages[f"dpo@drawing round {n} seed 1"].inputs["reference"] for n in (1, 2)}
    by_key = {spec.key: spec for spec in stages.values()}
    assert {by_key[key].inputs["policy"] for key in references} == {policy}, "start is one policy in all rounds"
    with pytest.raises(BenchError, match="rounds.start: expected previous, got sft: the first round starts from"):
        planned_stages(tmp_path, drawing, sets=("rounds.start=sft",))


def test_the_other_recipe_may_make_its_own_training_pairs_otherwise(tmp_path: Path, write: Write):
    second = write("second", "ipo", "init_from: first.yaml")
    write("first", "dpo", more="data: {transforms: [{name: fraction, splits: [train], options: {fraction: 0.5}}]}\n")
    stages = planned_stages(tmp_path, second)
    first, trained = stages["dpo@first seed 1"], stages["ipo@second seed 1"]
    assert first.settings.data.hash != trained.settings.data.hash and first.run.data_key != trained.run.data_key
    assert trained.inputs["policy"] == first.key


# What is refused.


@pytest.mark.parametrize(
    ("preference", "message"),
    [
        ("init_from: dop", "preference.init_from: unknown method 'dop'. Did you mean"),
        (
            "init_from: ipo@som",
            "no recipe of 'ipo@som' in setting 'micro'; variants of 'ipo': default, mean, sum. Did you",
        ),
        ("init_from: reward_model", "expected a recipe that trains a policy, the result of reward_model is a reward"),
        ("init_from: second.yaml", "got a circle: ipo@second starts from ipo@second"),
        ("init_from: back.yaml", "got a circle: ipo@second starts from dpo@back starts from ipo@second"),
        ("init_from: wide.yaml", "wide.yaml: expected the model of"),
        ("init_from: other.yaml", "other.yaml: expected the data of"),
        ("reference: start", "start is the policy of preference.init_from, which is not given, got start"),
        ("init_from: dpo, reference: previous", "expected start, sft or base, since the recipe has no rounds"),
    ],
)
def test_a_start_that_cannot_be_had_is_refused(preference: str, message: str, tmp_path: Path, write: Write):
    write("back", "dpo", "init_from: second.yaml")
    write("wide", "dpo", more="model: {from_config: {hidden_size: 64}}\n")
    write("other", "dpo", more="data: {options: {world_seed: 5}}\n")
    second = write("second", "ipo", preference)
    with pytest.raises(BenchError) as refused:
        planned_stages(tmp_path, second)
    assert message in str(refused.value) and str(second) in str(refused.value)


def test_an_anchor_starts_nowhere_else(tmp_path: Path, write: Write):
    write("second", "ipo", "init_from: dpo")
    request = CompareRequest([str(write("third", "dpo"))], str(MICRO), ["1"])
    (cell, *_) = prepare_comparison(request, RunOptions(runs=tmp_path / "runs")).session.plan.cells
    with pytest.raises(BenchError, match="expected a recipe without init_from of its own"):
        anchor_recipe(cell.loaded, AnchorSource(recipe="second.yaml"))


# What is trained, and what it took.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recipes and their finished stages: dpo, ipo after it, and ipo after a dpo that moves no weight."""
    folder = tmp_path_factory.mktemp("starts")
    recipes = {
        "still": "method: {name: dpo, variant: still}\npreference: {learning_rate: 1e-30}\n",
        "after_still": "method: {name: ipo, variant: after_still}\npreference: {init_from: still.yaml}\n",
        "after": "method: {name: ipo, variant: after}\n"
        "preference: {init_from: dpo, max_steps: 2, global_batch_size: 4}\n",
        "again": "method: {name: ipo, variant: again}\npreference: {init_from: dpo, reference: sft}\n",
    }
    for name, text in recipes.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\nsetting: {MICRO}\n{text}", encoding="utf-8")
    targets = [folder / f"{name}.yaml" for name in ("after_still", "after", "again")]
    status = finish([*targets, "ipo"], runs=folder / "runs")
    assert set(status.values()) == {"done"}
    return folder


def opened(folder: Path, *names: str):
    """The prepared comparison of some of them."""
    targets = [str(folder / f"{name}.yaml") if (folder / f"{name}.yaml").is_file() else name for name in names]
    options = RunOptions(runs=folder / "runs")
    return prepare_comparison(CompareRequest(targets, str(MICRO), ["1"]), options), options.store


def first_loss(folder: Path, name: str) -> float:
    """Loss of the first step of a recipe's training."""
    prepared, store = opened(folder, name)
    policy = prepared.session.plan.cells[0].policy
    return json.loads((store.root / str(policy) / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])["loss"]


def test_after_a_training_that_moves_nothing_it_is_the_training_from_sft_bit_for_bit(folder: Path):
    prepared, store = opened(folder, "after_still", "ipo")
    weights = [store.root / str(cell.policy) / "model" / "model.safetensors" for cell in prepared.session.plan.cells]
    assert weights[0] != weights[1] and weights[0].read_bytes() == weights[1].read_bytes()


def test_the_first_step_is_where_policy_and_reference_are_one(folder: Path):
    """By hand: IPO's loss of equal policies is (0 - 1 / (2 beta))^2, 25 at beta 0.1; not so against SFT after DPO."""
    assert first_loss(folder, "after") == pytest.approx(25.0, rel=1e-5)
    assert abs(first_loss(folder, "again") - 25.0) > 1e-3


def test_everything_is_finished_for_who_asks_again_and_for_the_recipe_it_starts_from(folder: Path):
    prepared, store = opened(folder, "after", "dpo")
    unfinished = [spec.title for key, spec in prepared.session.plan.stages.items() if not store.is_done(key)]
    assert unfinished == ["score dpo seed 1 on test"]


def test_the_ledger_counts_the_earlier_training_and_labels_of_the_same_pairs_once(folder: Path):
    """By hand: 3 steps of 8 and 2 of 4 are 32 examples seen in 5 steps; 24 pairs of one split and 8 of them again."""
    prepared, store = opened(folder, "after", "dpo")
    plan, (row, *_) = prepared.session.plan, prepared.session.plan.cells
    dpo = next(cell for cell in plan.cells if cell.loaded.label == "dpo")
    for ledger_row in (
        planned(prepared.loaded, prepared.session.prepared, plan)["ipo@after"][0],
        measured_row(row, plan, store, math.nan),
    ):
        assert (ledger_row.steps, ledger_row.updates, ledger_row.labels_human) == (5, 32, 24)
        assert ledger_row.prompts == 24 and "with the training of dpo" in ledger_row.notes
    both = measured_row(row, plan, store, 0.0)
    tokens = [record.tokens for key in (row.policy, dpo.policy) if (record := store.record(str(key))) is not None]
    assert both.train_tokens == sum(tokens) > tokens[0] and both.kl == 0.0


def test_the_facts_of_a_row_and_its_card_name_the_earlier_training(folder: Path):
    prepared, store = opened(folder, "after", "dpo")
    cells, plan = prepared.session.plan.cells, prepared.session.plan
    trained = [cell for cell in cells if cell.policy is not None and store.is_done(cell.policy)]
    facts = fairness(trained, plan, store, ResultStore(folder / "results", "micro"), baseline="dpo").differing
    assert list(facts["updates"]) == ["3", "2, after dpo with 3"] and facts["reference"]["dpo"] == ["ipo@after"]
    recipe = CardRecipe("c", "s", "", "", "", "", "toy", {}, "h", untuned=True, command="", starts=("b", "a"))
    card = card_text(
        CardFacts("c", "preference/x", {}, {}, {}, 7, is_adapter=False, start="preference/y", recipe=recipe)
    )
    assert "7 tokens, from the policy of `preference/y`, trained by recipe `b`, after recipe `a`." in card


def test_what_it_costs_is_counted_of_the_pairs_that_each_recipe_trains_on(tmp_path: Path, write: Write):
    """Half of the pairs: half of the work to score them under the reference."""
    second = write("second", "ipo", "init_from: first.yaml, max_steps: null")
    more = "data: {transforms: [{name: fraction, splits: [train], options: {fraction: 0.5}}]}\n"
    write("first", "dpo", "max_steps: null", more)
    request = CompareRequest([str(second)], str(MICRO), ["1"])
    session = prepare_comparison(request, RunOptions(runs=tmp_path / "runs")).session
    costs, stages = costs_of(session, "cpu", counted=False), session.plan.stages
    half, whole = (
        sum(costs[spec.inputs["reference"]].work.values()) for spec in stages.values() if spec.kind == "preference"
    )
    assert half == pytest.approx(whole / 2)
