"""Where every resolved value comes from, and what a recipe changes in its setting."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from benchbench.commands.recipes import leaves, origin
from benchbench.recipe.document import read_document
from benchbench.recipe.folders import RecipeFolders
from benchbench.recipe.library import entries, shipped_root

from .toys import HEAD, load, write

TINY = shipped_root() / "settings" / "tiny.yaml"


def line_of(path: Path, key: str) -> str:
    return read_document(path).origins[key]


def test_every_value_names_the_line_that_decided_it(tmp_path):
    path = write(tmp_path, HEAD + "preference:\n  learning_rate: 1e-4\n  reward: {source: stage}\n")
    found = load(path, sets=["preference.max_steps=3", "score.headline={metric: auc, scoring: implicit}"])
    setting = found.setting_path
    expected = {
        "name": f"{path}:1",
        "setting": f"{path}:2",
        "method.name": f"{path}:3",
        "preference.learning_rate": f"{path}:5",
        "preference.reward.source": f"{path}:6",
        "preference.max_steps": "--set",
        "score.headline.metric": "--set",
        "preference.warmup_steps": line_of(setting, "preference.warmup_steps"),
        "model.from_config.hidden_size": line_of(setting, "model.from_config.hidden_size"),
        "data.options.world_seed": line_of(setting, "data.options.world_seed"),
        "seeds.list": line_of(setting, "seeds.list"),
        "method.hyper.beta": "method default",
        "preference.weight_decay": "built in",
        "tokenization.overlong_mask": "built in",
    }
    assert {key: origin(found, key) for key in expected} == expected


def test_a_value_of_every_shipped_recipe_has_an_origin_that_holds_it():
    """What is said to stand in a file stands there; what is said to be built in is not."""
    document = cache(read_document)  # a setting is that of dozens of recipes
    lines = cache(lambda file: Path(file).read_text("utf-8").splitlines())
    for entry in entries():
        if entry.is_setting:
            continue
        found = load(entry.path)
        written = {**document(found.setting_path).origins, **document(found.path).origins}
        for key, _ in leaves(found.values()):
            place = origin(found, key)
            if ":" in place:
                file, _, line = place.rpartition(":")
                assert key.rsplit(".", 1)[-1] in lines(file)[int(line) - 1], (key, place)
            else:
                assert key not in written, (key, place)


def test_a_section_that_a_recipe_takes_away_leaves_no_origin_behind(tmp_path):
    path = write(tmp_path, HEAD + "reward_model: null\n")
    found = load(path)
    assert found.origins["reward_model"] == f"{path}:4"
    assert not [key for key in found.origins if key.startswith("reward_model.")]


def test_relative_paths_start_from_the_file_that_wrote_them(tmp_path):
    setting = write(tmp_path / "settings", TINY.read_text("utf-8"), "mine.yaml")
    path = write(tmp_path, HEAD.replace("tiny", "settings/mine.yaml") + "data: {options: {world_seed: 1}}\n")
    found = load(path)
    assert found.recipe.setting == "tiny" and found.setting_path == setting
    assert found.folders.model == tmp_path / "settings"
    assert found.folders.data == tmp_path
    assert found.folders.chat_template == tmp_path / "settings"
    overridden = load(path, sets=["tokenization.chat_template=chat.jinja", "tokenization.template=null"])
    assert overridden.folders.chat_template == Path.cwd()


@pytest.mark.parametrize("section", ["rounds", "online"])
def test_relative_paths_of_an_oracle_start_from_the_file_that_wrote_them(tmp_path, section):
    """Which may be a setting, or the command line, for draws in training as for rounds."""
    setting = tmp_path / "settings" / "mine.yaml"
    origins = {f"{section}.sampler.name": f"{tmp_path / 'mine.yaml'}:3", f"{section}.oracle.options.path": "--set"}
    name = {"rounds": "oracle", "online": "online_oracle"}[section]
    assert getattr(RecipeFolders.of(origins, setting), name) == Path.cwd()
    origins[f"{section}.oracle.options.path"] = f"{setting}:9"
    assert getattr(RecipeFolders.of(origins, tmp_path / "mine.yaml"), name) == tmp_path / "settings"


# What a recipe changes in its setting.


def changes(tmp_path, text="", **options) -> tuple[str, ...]:
    return load(write(tmp_path, HEAD + text), **options).setting_overrides


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        ("preference: {learning_rate: 1e-4, truncation: left}\n", ()),
        ("seeds: {list: [7]}\ndescription: other\n", ()),
        ("tokenization: {max_length: 48}\n", ("tokenization.max_length",)),
        ("sft: {learning_rate: 1e-4, logging_steps: 1}\n", ("sft.learning_rate",)),
        ("reward_model: null\n", ("reward_model",)),
        ("seeds: {scope: init_only}\n", ("seeds.scope",)),
        ("data: {options: {flip_rate: 0.2}}\nscore: {tie_credit: 0}\n", ("data.options.flip_rate", "score.tie_credit")),
        ("model: {from_config: {hidden_size: 64}}\n", ("model.from_config.hidden_size",)),
        ("score: {exclude: []}\n", ("score.exclude",)),
    ],
)
def test_the_keys_of_the_setting_that_are_changed_are_named(tmp_path, text, keys):
    assert changes(tmp_path, text) == keys


@pytest.mark.parametrize(
    "text",
    [
        "tokenization: {max_length: 96}\n",
        "tokenization: {overlong_mask: exact}\n",
        "sft: {weight_decay: 0.0}\n",
        "data: {options: {length_bias: 0.3}}\n",
        "lora: null\n",
    ],
)
def test_saying_again_what_holds_anyway_changes_nothing(tmp_path, text):
    """Also where the setting leaves a key out and the recipe writes down its default."""
    plain = load(write(tmp_path, HEAD, "plain.yaml"))
    found = load(write(tmp_path, HEAD + text))
    assert found.comparability_hash == plain.comparability_hash and found.setting_overrides == ()


@pytest.mark.parametrize(
    ("sets", "keys"),
    [
        (["sft.learning_rate=1"], ("sft.learning_rate",)),
        (["data.options={flip_rate: 0.2, length_bias: 0.3}"], ("data.options.flip_rate",)),
        (["data.options={}"], ()),
        (["data.options={length_bias: 0.1}"], ("data.options.length_bias",)),
        (["sft.per_device_train_batch_size=1"], ()),
        (["preference.learning_rate=1"], ()),
    ],
)
def test_overrides_of_the_setting_are_named_likewise(tmp_path, sets, keys):
    plain, found = load(write(tmp_path, HEAD)), load(write(tmp_path, HEAD), sets=sets)
    assert found.setting_overrides == keys
    assert (found.comparability_hash == plain.comparability_hash) == (not keys)


def test_a_setting_that_is_only_whole_with_a_recipe_still_names_what_is_changed(tmp_path):
    """Its sft section has no learning rate, which every recipe gives; max_length is the recipe's change."""
    text = TINY.read_text("utf-8").replace("  learning_rate: 2e-3\n", "")
    write(tmp_path, text, "mine.yaml")
    recipe = HEAD.replace("tiny", "./mine.yaml") + "sft: {learning_rate: 1e-3}\ntokenization: {max_length: 48}\n"
    assert load(write(tmp_path, recipe)).setting_overrides == ("tokenization.max_length",)
