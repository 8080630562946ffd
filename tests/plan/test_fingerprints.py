"""What a stage's identity depends on, and what it does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO, Finished

from benchbench import methods
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.identity import identity, plain
from benchbench.plan.graph import Plan

Stages = Callable[..., dict[str, str]]
TITLES = {
    *("sft seed 1", "reference log-probabilities seed 1", "dpo seed 1", "score dpo seed 1 on test"),
    *("score sft seed 1 on test", "reward model seed 1", "rewards seed 1 on train", "rewards seed 1 on test"),
    *("ddo_rm seed 1", "score ddo_rm seed 1 on test"),
}
AFTER_PREFERENCE = {"dpo seed 1", "ddo_rm seed 1", "score dpo seed 1 on test", "score ddo_rm seed 1 on test"}


def plan_of(
    runs: Path,
    targets: Sequence[str],
    *,
    setting: object = MICRO,
    seeds: Sequence[int] = (1,),
    sets: Sequence[str] = (),
) -> Plan:
    request = CompareRequest(list(targets), str(setting), [str(seed) for seed in seeds], overrides=list(sets))
    return prepare_comparison(request, RunOptions(runs=runs)).session.plan


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    """Title -> key of every stage of a comparison of dpo and ddo_rm."""

    def planned(
        *sets: str, targets: Sequence[str] = ("dpo", "ddo_rm"), runs: Path = tmp_path / "runs", **more
    ) -> dict[str, str]:
        plan = plan_of(runs, targets, sets=sets, **more)
        found = {spec.title: key for key, spec in plan.stages.items()}
        assert len(found) == len(plan.stages)
        return found

    return planned


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert set(before) == set(after)
    return {title for title in before if before[title] != after[title]}


def test_the_plan_has_these_stages(stages: Stages):
    assert set(stages()) == TITLES


# --- not in it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "override",
    [
        "sft.per_device_train_batch_size=2",
        "preference.per_device_train_batch_size=1",
        "score.per_device_eval_batch_size=3",
        "preference.gradient_checkpointing=true",
        "sft.logging_steps=7",
        "reward_model.save_steps=1",
        "name=another",
        "description=other words",
        "notice=other words",
        "seeds.list=[5, 6]",
        "score.tie_credit=0.0",
        "score.exclude=[]",
        "score.headline.metric=auc",
    ],
)
def test_settings_of_the_run_and_of_the_tables_leave_every_stage_as_it_is(stages: Stages, override: str):
    assert changed(stages(), stages(override)) == set()


def test_paths_leave_every_stage_as_it_is(stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / "copy.yaml"
    shutil.copyfile(MICRO, copy)
    before = stages()
    monkeypatch.chdir(tmp_path / "other")
    assert changed(before, stages(setting="copy.yaml", runs=Path("elsewhere"))) == set()


def test_a_value_written_out_that_is_the_default_changes_nothing(stages: Stages):
    assert changed(stages(), stages("preference.weight_decay=0.0", "method.hyper={}")) == set()


def test_device_versions_threads_and_paths_are_recorded_beside_it(finished: Finished):
    folder = next((finished.runs / "preference").iterdir())
    environment = json.loads((folder / "env.json").read_text())
    assert environment["device_kind"] == "cpu"
    assert environment["threads"] == 1
    assert environment["packages"]["torch"]
    lock = (folder / "lock.yaml").read_text()
    settings = lock.split("settings:")[1].split("\ntitle:")[0]
    for word in ("packages", "threads", "tokenizer_path", "per_device", str(finished.runs)):
        assert word not in settings


# --- in it ----------------------------------------------------------------------------------------------------------


MASK = "preference.masked_spans=[{start: <think>, end: </think>}]"
SCORED_AGAIN = {"reference log-probabilities seed 1", *AFTER_PREFERENCE}


def test_masked_spans_move_preference_training_and_its_reference(stages: Stages):
    """And an empty list, which replaces the setting's by nothing where that has none, moves nothing."""
    assert changed(stages(), stages(MASK)) == SCORED_AGAIN
    assert changed(stages(), stages("preference.masked_spans=[]")) == set()
    assert changed(stages(), stages("tokenization.masked_spans=[]", "tokenization.scored=response")) == set()
    assert changed(stages(), stages("tokenization.scored=all")) == TITLES


def test_a_method_that_scores_prompts_says_so_for_its_own_stages(stages: Stages, monkeypatch: pytest.MonkeyPatch):
    before = stages(targets=("dpo",))
    monkeypatch.setattr("benchbench.methods.dpo.METHOD", replace(methods.get("dpo"), scored="all"))
    touched = {"reference log-probabilities seed 1", "dpo seed 1", "score dpo seed 1 on test"}
    assert changed(before, stages(targets=("dpo",))) == touched


RM = {"reward model seed 1", "rewards seed 1 on train", "rewards seed 1 on test"}
AFTER_RM = RM | {"ddo_rm seed 1", "score ddo_rm seed 1 on test"}
HELD_OUT = {t for t in TITLES if t.startswith("score ")}
ANCHOR = {"reference log-probabilities seed 1", "dpo seed 1", "score dpo seed 1 on test"}
SFT_BATCH, RM_BATCH, PREFERENCE_BATCH = (
    f"{name}.per_device_train_batch_size=2" for name in ("sft", "reward_model", "preference")
)


@pytest.mark.parametrize(
    ("moving", "batch", "touched"),
    [
        ("sft.disable_dropout=false", SFT_BATCH, TITLES),
        ("sft.bf16=true", SFT_BATCH, TITLES),
        ("sft.bf16=true", PREFERENCE_BATCH, set()),
        ("reward_model.bf16=true", RM_BATCH, AFTER_RM),
        ("preference.disable_dropout=false", PREFERENCE_BATCH, AFTER_PREFERENCE),
        ("preference.bf16=true", PREFERENCE_BATCH, AFTER_PREFERENCE),
        ("preference.bf16=true", "score.per_device_eval_batch_size=3", ANCHOR),
        ("score.dtype=bfloat16", "score.per_device_eval_batch_size=3", HELD_OUT),
        ("reward_model.head_dtype=bfloat16", "score.per_device_eval_batch_size=3", AFTER_RM - {"reward model seed 1"}),
        ("model.dtype=bfloat16", SFT_BATCH, TITLES),
        (
            "model.dtype=bfloat16",  # held-out scoring has a precision of its own
            "score.per_device_eval_batch_size=3",
            ANCHOR | AFTER_RM - {"reward model seed 1"},
        ),
        ("preference.disable_dropout=false", "preference.gradient_checkpointing=true", set()),
        ("preference.bf16=true", "preference.gradient_checkpointing=true", set()),
    ],
)
def test_a_memory_setting_is_part_of_exactly_the_stages_whose_numbers_it_moves(
    stages: Stages, moving: str, batch: str, touched: set[str]
):
    assert changed(stages(moving), stages(moving, batch)) == touched


def test_the_tiny_plan_knows_no_memory_setting(tmp_path: Path):
    """Float32 without dropout: its stages are what they were before memory settings could be part of one."""
    plan = plan_of(tmp_path / "runs", ["dpo", "simpo", "ddo_rm"], setting="tiny", seeds=(42,))
    assert len(plan.stages) > 10
    for spec in plan.stages.values():
        assert "per_device" not in json.dumps(identity(spec.settings)), spec.title
        assert spec.kind == "judge" or "per_device" in json.dumps(plain(spec.run)), spec.title


@pytest.mark.parametrize(
    ("override", "kept"),
    [
        ("sft.learning_rate=1e-4", set()),
        ("sft.max_steps=5", set()),
        ("model.from_config.hidden_size=64", set()),
        ("model.train_tokenizer.vocab_size=255", set()),
        ("tokenization.add_bos=false", TITLES),
        ("tokenization.append_eos=false", set()),
        ("tokenization.template.generation_prompt='<|assistant|> '", set()),
        ("model.attn_implementation=eager", set()),
        ("seeds.scope=init_only", set()),
        (
            "reward_model.pooling=last_token",
            TITLES - AFTER_PREFERENCE - {"reward model seed 1"} - {"rewards seed 1 on train", "rewards seed 1 on test"}
            | {"dpo seed 1", "score dpo seed 1 on test"},
        ),
        ("preference.learning_rate=1e-4", TITLES - AFTER_PREFERENCE),
        ("preference.bf16=true", TITLES - AFTER_PREFERENCE - {"reference log-probabilities seed 1"}),
        ("score.dtype=bfloat16", TITLES - {t for t in TITLES if t.startswith("score ")}),
    ],
)
def test_what_shapes_a_stages_numbers_changes_it_and_all_after_it(stages: Stages, override: str, kept: set[str]):
    assert changed(stages(), stages(override)) == TITLES - kept


def test_a_hyper_parameter_changes_its_method_alone(stages: Stages):
    before, after = stages(targets=["dpo"]), stages("method.hyper.beta=0.7", targets=["dpo"])
    assert changed(before, after) == {"dpo seed 1", "score dpo seed 1 on test"}


def test_another_seed_is_other_stages_throughout(stages: Stages):
    one, two = stages(), stages(seeds=(2,))
    assert not set(one.values()) & set(two.values())
    both = stages(seeds=(1, 2))
    assert set(both.values()) == set(one.values()) | set(two.values())


def test_the_seed_of_the_recipe_does_not_reach_a_pretrained_anchor(tmp_path: Path, finished: Finished):
    """Scoring a base model from a folder draws nothing, so all seeds share it."""
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    folder = next((finished.runs / "sft").iterdir()) / "model"
    path = tmp_path / "local.yaml"
    path.write_text(text[:begin] + f"  model_name_or_path: {folder}\n" + text[end:])
    plan = plan_of(tmp_path / "runs", ["dpo"], setting=path, seeds=(1, 2), sets=["preference.reference=base"])
    anchors = [spec for spec in plan.stages.values() if spec.title.startswith("reference log-probabilities")]
    assert len(anchors) == 1
    assert anchors[0].inputs == {}


def test_the_version_of_a_method_changes_its_stages(stages: Stages, monkeypatch: pytest.MonkeyPatch):
    import benchbench.methods.dpo as module

    before = stages()
    monkeypatch.setattr(module, "METHOD", replace(module.METHOD, version=module.METHOD.version + 1))
    assert changed(before, stages()) == {"dpo seed 1", "score dpo seed 1 on test"}


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("sft", set()),
        (
            "score",
            {"sft seed 1", "reward model seed 1", "rewards seed 1 on train", "rewards seed 1 on test", "ddo_rm seed 1"},
        ),
        (
            "reward_model",
            {*TITLES}
            - {
                *("reward model seed 1", "rewards seed 1 on train", "rewards seed 1 on test", "ddo_rm seed 1"),
                "score ddo_rm seed 1 on test",
            },
        ),
        ("preference", TITLES - AFTER_PREFERENCE),
    ],
)
def test_the_version_of_a_stage_changes_it_and_all_after_it(
    stages: Stages, monkeypatch: pytest.MonkeyPatch, kind: str, kept: set[str]
):
    from benchbench.stages import settings_class

    before, settings = stages(), settings_class(kind)
    field = settings.model_fields["stage_version"]
    with monkeypatch.context() as patch:
        patch.setattr(field, "default", field.default + 1)
        settings.model_rebuild(force=True)
        after = stages()
    settings.model_rebuild(force=True)
    assert changed(before, after) == TITLES - kept
    assert stages() == before


def test_the_version_of_tokenisation_changes_every_stage(stages: Stages, monkeypatch: pytest.MonkeyPatch):
    import benchbench.plan.stage_parts as module

    before = stages()
    monkeypatch.setattr(module, "TOKENIZATION_VERSION", module.TOKENIZATION_VERSION + 1)
    assert changed(before, stages()) == TITLES


# --- data -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "touched"),
    [
        ("data.options.world_seed=1", TITLES),
        # held-out data are read by held-out scoring alone
        ("data.options.test_prompts=41", {t for t in TITLES if t.endswith("on test")}),
        # training pairs by everything but SFT and its held-out score
        ("data.options.preference_prompts=49", TITLES - {"sft seed 1", "score sft seed 1 on test"}),
        ("data.options.validation_prompts=25", set()),
    ],
)
def test_a_stage_depends_on_the_contents_of_the_splits_it_reads(stages: Stages, override: str, touched: set[str]):
    assert changed(stages(), stages(override)) == touched


def pairs(folder: Path, last: str) -> Path:
    """A setting over two files of pairs; `last` is a word of the last training pair."""
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("data:\n"), text.index("tokenization:")
    files = "data: {source: local_files, options: {files: {train: train.jsonl, test: test.jsonl}}}\n"
    for split in ("sft", "reward"):
        text = text.replace(f"split: {split}\n", "split: train\n").replace(f"split: {split},", "split: train,")
    begin, end = text.index("data:\n"), text.index("tokenization:")
    folder.mkdir()
    (folder / "setting.yaml").write_text(text[:begin] + files + text[end:])
    rows = [{"prompt": f"Say {i}!", "chosen": f"{i} it is", "rejected": "no way"} for i in range(20)]
    rows[-1]["rejected"] = last
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[:10]))
    return folder / "setting.yaml"


def test_a_changed_file_is_other_data_and_a_copied_one_is_not(stages: Stages, tmp_path: Path):
    one = stages(setting=pairs(tmp_path / "one", "no sir"))
    assert changed(one, stages(setting=pairs(tmp_path / "copy", "no sir"))) == set()
    assert "sft seed 1" in changed(one, stages(setting=pairs(tmp_path / "other", "no mam")))


def test_data_in_another_file_format_is_the_same_data(stages: Stages, tmp_path: Path):
    import pandas as pd

    setting = pairs(tmp_path / "one", "no sir")
    before = stages(setting=setting)
    for split in ("train", "test"):
        pd.read_json(setting.parent / f"{split}.jsonl", lines=True).to_parquet(setting.parent / f"{split}.parquet")
    setting.write_text(setting.read_text().replace(".jsonl", ".parquet"))
    assert changed(before, stages(setting=setting)) == set()


# --- sharing --------------------------------------------------------------------------------------------------------


def test_methods_share_sft_reference_and_reward_model(tmp_path: Path):
    plan = plan_of(tmp_path / "runs", ["dpo", "ipo", "simpo", "orpo", "ddo_rm", "ddo_rm@released", "cdpo"])
    kinds = [spec.kind for spec in plan.stages.values()]
    assert kinds.count("sft") == kinds.count("reward_model") == 1
    assert kinds.count("preference") == 7
    assert sum(spec.title.startswith("reference log-probabilities") for spec in plan.stages.values()) == 1
    assert kinds.count("reward") == 2


def test_a_plan_without_rewards_trains_no_reward_model(tmp_path: Path):
    plan = plan_of(tmp_path / "runs", ["dpo", "simpo"])
    assert {spec.kind for spec in plan.stages.values()} == {"sft", "preference", "score"}
    gold = plan_of(tmp_path / "runs", ["ddo_rm"], sets=["preference.reward={source: column, column: gold}"])
    assert {spec.kind for spec in gold.stages.values()} == {"sft", "preference", "score"}


def test_a_method_reads_exactly_the_inputs_it_declares(tmp_path: Path):
    plan = plan_of(tmp_path / "runs", ["dpo", "simpo", "ddo_rm"])
    inputs = {spec.title: set(spec.inputs) for spec in plan.stages.values() if spec.kind == "preference"}
    assert inputs == {
        "dpo seed 1": {"policy", "reference"},
        "simpo seed 1": {"policy"},
        "ddo_rm seed 1": {"policy", "reward"},
    }


def test_stages_stand_after_those_they_read(tmp_path: Path):
    seen: set[str] = set()
    for key, spec in plan_of(tmp_path / "runs", ["ddo_rm", "dpo", "simpo"], seeds=(3, 1)).stages.items():
        assert set(spec.inputs.values()) <= seen
        seen.add(key)


def test_a_spec_survives_the_pipe_to_a_worker(tmp_path: Path):
    from benchbench.stages import read_spec

    for key, spec in plan_of(tmp_path / "runs", ["ddo_rm"]).stages.items():
        again = read_spec(json.loads(json.dumps(spec.as_json())))
        assert again == spec and again.key == key
