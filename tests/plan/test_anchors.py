"""Further frozen policies: where each is from, what of it is shared, and what is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO, Finished

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.plan.anchors import anchor_recipe
from benchbench.recipe.anchors import AnchorSource

Stages = dict[str, tuple[str, dict[str, str]]]
Planned = Callable[..., Stages]
GUIDE = "log-probabilities of anchor guide seed 1"
WRITTEN = "name: {name}_micro\nsetting: {setting}\nmethod: {{name: {name}}}\npreference: {{{preference}}}\n"


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """Title -> (key, inputs) of every stage of a comparison."""

    def plan(*targets: object, setting: object = MICRO, sets: tuple[str, ...] = ()) -> Stages:
        request = CompareRequest([str(target) for target in targets], str(setting), ["1"], overrides=list(sets))
        stages = prepare_comparison(request, RunOptions(runs=tmp_path / "runs")).session.plan.stages
        return {spec.title: (key, dict(spec.inputs)) for key, spec in stages.items()}

    return plan


def anchors(**sources: str) -> tuple[str]:
    inside = ", ".join(f"{name}: {{{source}}}" for name, source in sources.items())
    return (f"preference.anchors={{{inside}}}",)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A recipe in this test's folder."""

    def write(name: str, preference: str = "", *, setting: object = MICRO) -> Path:
        path = tmp_path / f"{name}_micro.yaml"
        path.write_text(WRITTEN.format(name=name, setting=setting, preference=preference), encoding="utf-8")
        return path

    return write


# Another recipe's cell.


def test_a_method_by_name_is_the_cell_that_a_comparison_makes_of_it(planned: Planned, written: Callable[..., Path]):
    """No stage of it is trained twice."""
    guided = written("tgdpo", "anchors: {guide: {recipe: dpo}}")
    alone, both = planned(guided), planned("dpo", guided)
    dpo, inputs = both["dpo seed 1"][0], both["tgdpo seed 1"][1]
    assert inputs["anchors.guide"] == both[GUIDE][0] and both[GUIDE][1] == {"policy": dpo}
    assert alone["dpo seed 1"][0] == dpo == planned("dpo")["dpo seed 1"][0]
    assert set(both) - set(alone) == {"score dpo seed 1 on test"}, "a guide is not scored on held-out pairs"


def test_a_file_beside_the_recipe_is_found_from_there(planned: Planned, written: Callable[..., Path]):
    own = written("dpo", "learning_rate: 5e-4")
    guided = written("tgdpo", "anchors: {guide: {recipe: dpo_micro.yaml}}")
    assert planned(guided)["dpo seed 1"][0] == planned(own)["dpo seed 1"][0] != planned("dpo")["dpo seed 1"][0]


def test_what_is_drawn_in_training_is_of_the_one_recipe_alone(planned: Planned, written: Callable[..., Path]):
    """As its method and its rounds are: the guide stays the cell that it is without."""
    own = written("dpo")
    sampling = "num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0"
    online = f"online={{sampler: {{name: policy, {sampling}, max_new_tokens: 4}}}}"
    request = CompareRequest([str(own)], str(MICRO), ["1"])
    (cell, *_) = prepare_comparison(request, RunOptions(runs=own.parent / "runs")).session.plan.cells
    drawing = replace(cell.loaded, overrides=(online,))
    assert anchor_recipe(drawing, AnchorSource(recipe="dpo_micro.yaml")).recipe.online is None
    one_key = replace(cell.loaded, overrides=("online.num_iterations=2",))
    assert anchor_recipe(one_key, AnchorSource(recipe="dpo_micro.yaml")).recipe.online is None


def test_the_policy_of_an_sft_recipe_is_the_sft_stage(planned: Planned):
    """Which is the reference too, so that its log-probabilities are there already."""
    stages = planned("tgdpo", sets=anchors(guide="recipe: sft"))
    inputs = stages["tgdpo seed 1"][1]
    assert inputs["anchors.guide"] == inputs["reference"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("recipe: dop", "unknown method 'dop'"),
        ("recipe: dpo@loud", "no recipe of 'dpo@loud' in setting 'micro'; variants of 'dpo': default"),
        ("recipe: nowhere.yaml", "nowhere.yaml: no such file"),
        ("recipe: dpo, policy: base", "expected exactly one of policy, recipe and model_name_or_path"),
        ("policy: base, revision: abc", "expected `revision` with model_name_or_path, and only then"),
    ],
)
def test_a_source_that_names_nothing_is_refused(planned: Planned, source: str, message: str):
    with pytest.raises(BenchError) as refused:
        planned("tgdpo", sets=anchors(guide=source))
    assert "preference.anchors.guide" in str(refused.value) and message in str(refused.value)


def test_a_recipe_that_changes_the_model_is_refused(planned: Planned, tmp_path: Path):
    other = tmp_path / "wide.yaml"
    wide = "model: {from_config: {hidden_size: 64}}\n"
    other.write_text(WRITTEN.format(name="dpo", setting=MICRO, preference="") + wide, encoding="utf-8")
    with pytest.raises(BenchError, match=r"expected the model of .*so that both read the same tokens"):
        planned("tgdpo", sets=anchors(guide=f"recipe: {other}"))


def test_an_anchor_has_no_anchors_of_its_own(planned: Planned, written: Callable[..., Path]):
    guided = written("tgdpo", "anchors: {guide: {recipe: dpo}}")
    with pytest.raises(BenchError, match="expected a recipe without anchors of its own"):
        planned("tgdpo", sets=anchors(guide=f"recipe: {guided}"))


# Starting policies and weights.


def test_the_base_model_is_scored_without_a_policy(planned: Planned):
    stages = planned("tgdpo", sets=anchors(guide="policy: base"))
    assert stages[GUIDE][1] == {} and stages["tgdpo seed 1"][1]["anchors.guide"] == stages[GUIDE][0]


def test_the_start_of_a_recipe_without_sft_is_the_base_model(planned: Planned):
    with pytest.raises(BenchError, match="preference.anchors.guide.policy: expected base, the recipe has no sft stage"):
        planned(
            "tgdpo", sets=("sft=null", "reward_model=null", "preference.reference=base", *anchors(guide="policy: sft"))
        )


def test_weights_of_a_folder_count_by_their_content(planned: Planned, finished: Finished, tmp_path: Path):
    """A stage's model with the setting's tokenizer; another model is another stage, another place is not."""
    import shutil

    folders = [folder / "model" for folder in sorted((finished.runs / "sft").iterdir())]
    shutil.copytree(folders[0], tmp_path / "copy")
    keys = [
        planned("tgdpo", sets=anchors(guide=f"model_name_or_path: {folder}"))[GUIDE][0]
        for folder in (folders[0], tmp_path / "copy", folders[1])
    ]
    assert keys[0] == keys[1] != keys[2]


def test_weights_with_another_tokenizer_are_refused(planned: Planned, finished: Finished, tmp_path: Path):
    import shutil

    folder = tmp_path / "renamed"
    shutil.copytree(next(iter(sorted((finished.runs / "sft").iterdir()))) / "model", folder)
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace("<|user|>", "<|asks|>"), encoding="utf-8")
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            text = (folder / name).read_text(encoding="utf-8")
            (folder / name).write_text(text.replace("<|user|>", "<|asks|>"), encoding="utf-8")
    with pytest.raises(BenchError, match="expected the tokenizer of the setting, found another"):
        planned("tgdpo", sets=anchors(guide=f"model_name_or_path: {folder}"))


def test_adapters_alone_are_refused(planned: Planned, tmp_path: Path):
    folder = tmp_path / "adapters"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    (folder / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(BenchError, match="expected whole weights, found adapters; merge them into their base first"):
        planned("tgdpo", sets=anchors(guide=f"model_name_or_path: {folder}"))


# Identity.


def test_a_recipe_that_names_no_anchor_has_the_fingerprints_it_had(planned: Planned):
    """An empty section, a missing one, and what another recipe of the comparison names: one cell of dpo."""
    assert planned("dpo", sets=("preference.anchors={}",)) == planned("dpo")


def test_which_policy_is_the_guide_is_part_of_the_identity_and_its_name_of_the_anchor_is_too(planned: Planned):
    keys = {
        planned("mrpo", sets=anchors(**source))["mrpo seed 1"][0]
        for source in ({"a": "policy: base"}, {"a": "recipe: dpo"}, {"b": "recipe: dpo"})
    }
    assert len(keys) == 3
