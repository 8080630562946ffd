"""What makes another recipe, and what breaks a comparison."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench import sources
from benchbench.commands.recipes import leaves
from benchbench.commands.resolve import resolve
from benchbench.core.hashing import canonical
from benchbench.core.identity import Since, field_marks, section_of
from benchbench.recipe.identity import identified
from benchbench.recipe.library import shipped_root
from benchbench.recipe.load import Loaded
from benchbench.recipe.memory import moving_keys
from benchbench.recipe.overrides import parse_overrides
from benchbench.recipe.schema import ANNOTATIONS, SETTING_KEYS, Recipe
from benchbench.recipe.training import RUN_KEYS
from benchbench.recipe.values import get

from .toys import HEAD, load, write


def later_fields(kind: type, prefix: str = "") -> dict[str, Any]:
    """Dotted key of every field that joined later -> the value that means what was done before."""
    found: dict[str, Any] = {}
    for name, marks in field_marks(kind).items():
        found |= {f"{prefix}{name}": mark.before for mark in marks if isinstance(mark, Since)}
        section = section_of(kind, name)
        if section is not None:
            found |= later_fields(section, f"{prefix}{name}.")
    return found


LATER = later_fields(Recipe)
OPTIONS_LATER = {name for source in sources.names() for name in later_fields(sources.get(source).options)}


@dataclass(frozen=True)
class Otherwise(Loaded):
    """A recipe with another value at one leaf, allowed or not."""

    key: str = ""
    value: Any = None

    def values(self) -> dict[str, Any]:
        """The resolved values with this one in place."""
        values = deepcopy(super().values())
        *parents, last = self.key.split(".")
        inner = values
        for parent in parents:
            inner = inner[parent]
        inner[last] = self.value
        return values


def changed(loaded: Loaded, key: str, value: Any) -> Loaded:
    return Otherwise(**vars(loaded), key=key, value=value)


def other(value):
    """Another value than this one, of a similar kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value is None:
        return 1
    return [*value, "more"] if isinstance(value, list) else f"{value} and more"


def part_of_setting(key: str) -> bool:
    return any(key == part or key.startswith(f"{part}.") for part in SETTING_KEYS)


@pytest.fixture(scope="module", params=["dpo_tiny", "ddo_rm_gold_tiny", "ddo_rm_pythia410m"])
def shipped(request):
    return load(shipped_root() / f"{request.param}.yaml")


def test_every_leaf_reaches_the_hash_that_it_should(shipped):
    """Run keys, names and seeds change nothing; all else makes another recipe, the setting's part no comparable one.

    Of run keys those that move numbers count like anything else.
    """
    moving = moving_keys(shipped.values())
    keys = [key for key, _ in leaves(shipped.values())]
    assert len(keys) > 80
    for key, value in leaves(shipped.values()):
        if key.startswith("reported_on."):
            continue  # its keys have dots
        found = changed(shipped, key, other(value))
        assert canonical(found.values()) != canonical(shipped.values()), key
        # one that is off by default counts once it is on
        of_run = key.rsplit(".", 1)[-1] in RUN_KEYS and key not in {*moving, *moving_keys(found.values())}
        inert = key in ANNOTATIONS or key in ("seeds.list", "method.file") or of_run  # a file counts by its content
        assert (found.recipe_hash == shipped.recipe_hash) == inert, key
        compared = key == "setting" or (part_of_setting(key) and not inert)
        assert (found.comparability_hash != shipped.comparability_hash) == compared, key


def test_a_field_that_joined_later_is_no_part_of_an_identity_until_it_changes_something(tmp_path):
    before = load(write(tmp_path, HEAD))
    present = {key for key in LATER if "." not in key or get(before.values(), key.rpartition(".")[0]) is not None}
    untouched = {key: value for key, value in LATER.items() if key in present and get(before.values(), key) == value}
    assert len(untouched) >= 4, "fields that the tiny setting leaves at what was done before they joined"
    for key, value in untouched.items():
        same = load(write(tmp_path, HEAD), sets=[f"{key}={json.dumps(value)}"])
        assert (same.recipe_hash, same.comparability_hash) == (before.recipe_hash, before.comparability_hash), key
        assert key.partition(".")[0] in same.values(), "it is still shown"
    other = load(write(tmp_path, HEAD), sets=["preference.gradient_divisor=2.0"])
    assert other.recipe_hash != before.recipe_hash


def test_an_option_of_a_source_that_joined_later_is_no_part_of_an_identity_until_it_changes_something(tmp_path):
    path = write(tmp_path, HEAD)

    def read(more):
        return load(path, sets=[f"data={{source: local_files, options: {{files: {{sft: a.jsonl}}{more}}}}}"])

    def hashes(more):
        return read(more).recipe_hash, read(more).comparability_hash

    assert {"ignore_columns", "on_tool_calls"} <= OPTIONS_LATER
    assert hashes("") == hashes(", ignore_columns: [], on_tool_calls: error")
    assert len({hashes(""), hashes(", ignore_columns: [a]"), hashes(", on_tool_calls: drop")}) == 3
    stripped = identified(read("").values(), read("").bound)["data"]["options"]
    assert not OPTIONS_LATER & {*stripped} and stripped["files"] == {"sft": "a.jsonl"}


def test_a_source_option_that_joined_later_is_no_part_of_an_identity_until_it_changes_something():
    before = load(shipped_root() / "dpo_pythia410m.yaml")
    of_hub = later_fields(sources.get("hub").options).keys()
    assert before.values()["data"]["options"].keys() >= of_hub, "they are shown"
    assert not of_hub & identified(before.values(), before.bound)["data"]["options"].keys()
    for text in ("preferred_by=ratings", "max_contradicted=0.05", "drop_missing=[]"):
        same = load(shipped_root() / "dpo_pythia410m.yaml", sets=[f"data.options.{text}"])
        assert (same.recipe_hash, same.comparability_hash) == (before.recipe_hash, before.comparability_hash), text
    for text in ("preferred_by=given", "max_contradicted=1.0", "drop_missing=[score]"):
        other = load(shipped_root() / "dpo_pythia410m.yaml", sets=[f"data.options.{text}"])
        assert other.recipe_hash != before.recipe_hash, text
        assert other.comparability_hash != before.comparability_hash, text


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_two_changes_never_cancel(data):
    """Any two different changes of a recipe's numbers make two different recipes."""
    shipped = load(shipped_root() / "dpo_tiny.yaml")
    numbers = [
        key
        for key, value in leaves(shipped.values())
        if isinstance(value, float) and key.rsplit(".", 1)[-1] not in RUN_KEYS
    ]
    first, second = (data.draw(st.sampled_from(numbers)) for _ in range(2))
    a, b = (data.draw(st.floats(1e-9, 1e9)) for _ in range(2))
    one, two = changed(shipped, first, a), changed(shipped, second, b)
    same = canonical(one.values()) == canonical(two.values())
    assert (one.recipe_hash == two.recipe_hash) == same


def test_a_hash_does_not_depend_on_how_a_value_was_given(tmp_path):
    """In the recipe, in the setting, as a default or on the command line."""
    plain = load(write(tmp_path, HEAD))
    spelled = load(
        write(tmp_path, HEAD.replace("dpo}", "dpo, hyper: {beta: 0.1}}") + "preference: {warmup_steps: 10}\n")
    )
    given_by_hand = load(write(tmp_path, HEAD), sets=["method.hyper.beta=0.1", "preference.warmup_steps=10"])
    assert plain.recipe_hash == spelled.recipe_hash == given_by_hand.recipe_hash


def test_a_whole_number_for_a_fraction_is_the_same_number(tmp_path):
    one = load(write(tmp_path, HEAD), sets=["preference.num_train_epochs=1"])
    same = load(write(tmp_path, HEAD), sets=["preference.num_train_epochs=1.0"])
    assert one.recipe_hash == same.recipe_hash


def test_methods_of_one_setting_are_comparable():
    hashes = {
        setting: {
            load(shipped_root() / f"{method}_{setting}.yaml").comparability_hash
            for method in ("sft", "dpo", "simpo", "ddo_rm")
        }
        for setting in ("tiny", "pythia410m")
    }
    assert all(len(found) == 1 for found in hashes.values())
    assert hashes["tiny"].isdisjoint(hashes["pythia410m"])


def test_what_a_method_alone_trains_on_is_its_own():
    """Transforms of the preference split; not of what other rows read, too."""
    tiny = partial(resolve, setting="tiny")
    split = '[{"name": "unpaired_from_pairs", "splits": ["train"]}]'
    own = tiny("kto", overrides=parse_overrides([f"data.transforms={split}"]))
    assert own.comparability_hash == tiny("dpo").comparability_hash and own.setting_overrides == ()
    for key, other in {"splits": '["test"]', "both": '["train", "test"]'}.items():
        shared = f'[{{"name": "length_filter", "splits": {other}}}]'
        changed = tiny("dpo", overrides=parse_overrides([f"data.transforms={shared}"]))
        assert changed.comparability_hash != tiny("dpo").comparability_hash, key
    reads_sft = parse_overrides(
        ["preference.split=sft", 'data.transforms=[{"name": "length_filter", "splits": ["sft"]}]']
    )
    assert tiny("dpo", overrides=reads_sft).comparability_hash != tiny("dpo").comparability_hash


def test_every_setting_key_exists():
    for key in SETTING_KEYS:
        section = Recipe
        for part in key.split("."):
            field = section.model_fields[part]
            section = field.annotation
