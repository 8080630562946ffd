"""A setting that is another setting with some values changed."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.recipe import library

from .toys import HEAD, load, write


def test_every_value_keeps_the_file_it_was_written_in(tmp_path):
    short = write(tmp_path, "name: short\nextends: tiny\nsft: {max_steps: 7}\n", "short.yaml")
    recipe = write(tmp_path, HEAD.replace("tiny", "./short.yaml"))
    found = load(recipe)
    tiny = load(write(tmp_path, HEAD, "other.yaml"))
    assert found.recipe.setting == "short"
    assert found.recipe.sft is not None and tiny.recipe.sft is not None
    assert found.recipe.sft.max_steps == 7
    assert found.recipe.sft.learning_rate == tiny.recipe.sft.learning_rate
    assert found.origins["sft.max_steps"] == f"{short}:3"
    assert found.origins["sft.learning_rate"].split(":")[0].endswith("tiny.yaml")
    assert found.setting_overrides == ()
    assert found.comparability_hash != tiny.comparability_hash


def test_what_replaces_a_list_or_a_value_replaces_it_whole(tmp_path):
    write(tmp_path, "name: one\nextends: tiny\nseeds: {list: [1, 2]}\nlora: null\n", "one.yaml")
    found = load(write(tmp_path, HEAD.replace("tiny", "./one.yaml")))
    assert found.recipe.seeds.list == (1, 2)


def test_settings_may_extend_settings_that_extend(tmp_path):
    write(tmp_path, "name: one\nextends: tiny\nsft: {max_steps: 7}\n", "one.yaml")
    write(tmp_path, "name: two\nextends: ./one.yaml\nsft: {learning_rate: 0.5}\n", "two.yaml")
    found = load(write(tmp_path, HEAD.replace("tiny", "./two.yaml")))
    assert found.recipe.sft is not None
    assert (found.recipe.sft.max_steps, found.recipe.sft.learning_rate) == (7, 0.5)


def test_a_circle_is_refused(tmp_path):
    write(tmp_path, "name: one\nextends: ./two.yaml\n", "one.yaml")
    write(tmp_path, "name: two\nextends: ./one.yaml\n", "two.yaml")
    with pytest.raises(BenchError, match="circle: one extends two extends one"):
        load(write(tmp_path, HEAD.replace("tiny", "./one.yaml")))


@pytest.mark.parametrize(
    ("line", "told"),
    [("extends: tinny", "unknown setting 'tinny'.*tiny"), ("extends: [1]", "expected a setting's name")],
)
def test_a_base_that_is_no_setting_is_reported(tmp_path, line, told):
    write(tmp_path, f"name: one\n{line}\n", "one.yaml")
    with pytest.raises(BenchError, match=told):
        load(write(tmp_path, HEAD.replace("tiny", "./one.yaml")))


def test_the_matched_setting_changes_nothing_but_quirks_and_what_they_are_cut_to():
    """Beside the fields of the quirk table only the held-out truncation moves, to the side of training."""
    matched = library.find_setting("pythia410m_ultrafeedback_matched")
    fields = {row["field"] for row in library.find_setting("pythia410m_ultrafeedback").values["quirks"]}
    changed = {key for key, place in matched.document.origins.items() if place.startswith(str(matched.path))}
    leaves = {key for key in changed if not any(other.startswith(f"{key}.") for other in changed)}
    told = {"name", "extends", "description", "seeds.list"}
    assert leaves - fields - told == {"score.truncation"}
