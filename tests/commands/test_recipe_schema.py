"""The JSON Schema of recipes, held against every file that loading takes, and files that it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, ROOT, bench
from jsonschema import Draft7Validator, ValidationError

from benchbench import methods
from benchbench.commands.recipe_schema import EDITOR_LINE, FILE_NAME, FREE, recipe_schema, write_schema
from benchbench.core.errors import BenchError
from benchbench.recipe.document import read_document
from benchbench.recipe.schema import Recipe

FILES = [MICRO, *sorted((ROOT / "recipes").rglob("*.yaml")), *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made = recipe_schema()
    Draft7Validator.check_schema(made)
    return made


def faults(schema: dict[str, Any], values: Any) -> list[str]:
    """Dotted keys at which an editor would mark something."""
    return sorted({_deepest(error) for error in Draft7Validator(schema).iter_errors(values)})


def _deepest(error: ValidationError) -> str:
    """Where an alternative went wrong, not where the choice between alternatives stands."""
    inner = [_deepest(reason) for reason in error.context or ()]
    return max([".".join(map(str, error.absolute_path)), *inner], key=lambda key: key.count(".") + bool(key))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_that_loads_is_taken(schema: dict[str, Any], path: Path):
    assert faults(schema, dict(read_document(path).values)) == []


DPO = {"name": "mine", "setting": "tiny", "method": {"name": "dpo"}}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"lerning_rate": 1}, ""),
        ({"method": {"name": "dpo", "hyper": {"beta": "a lot"}}}, "method.hyper.beta"),
        ({"method": {"name": "dpo", "hyper": {"gamma": 1.0}}}, "method.hyper"),
        ({"preference": {"learning_rate": 0}}, "preference.learning_rate"),
        ({"preference": {"tokens_per_microbatch": "some"}}, "preference.tokens_per_microbatch"),
        ({"lora": {"lora_target_modules": []}}, "lora.lora_target_modules"),
        ({"data": {"source": "local_files", "options": {"file": "a"}}}, "data.options"),
        ({"data": {"transforms": [{"name": "flip_labels"}]}}, "data.transforms.0"),
        ({"score": {"headline": {"metric": "accuracy"}}}, "score.headline.metric"),
        ({"seeds": {"list": []}}, "seeds.list"),
    ],
)
def test_a_fault_is_marked_where_it_stands(schema: dict[str, Any], change: dict[str, Any], where: str):
    assert faults(schema, DPO) == []
    assert faults(schema, DPO | change) == [where]


def test_what_a_recipe_and_a_setting_must_say(schema: dict[str, Any]):
    assert faults(schema, {"name": "a setting", "extends": "tiny", "lora": {"lora_target_modules": "all-linear"}}) == []
    assert faults(schema, {"name": "no setting", "method": {"name": "dpo"}}) == [""]
    assert faults(schema, {"extends": "tiny"}) == [""]


def test_a_method_of_ones_own_has_hyper_parameters_of_its_own(schema: dict[str, Any]):
    assert faults(schema, DPO | {"method": {"file": "mine.py", "hyper": {"gamma": 1.0}}}) == []
    assert faults(schema, DPO | {"method": {"name": "mine", "hyper": {"gamma": 1.0}}}) == []


def test_every_exhibit_and_every_key_is_explained(schema: dict[str, Any]):
    assert {f"method.{name}" for name in methods.names()} <= set(schema["$defs"])
    assert schema["$defs"]["method.simpo"]["properties"]["beta"]["default"] == 2.0
    assert set(schema["properties"]) == {*Recipe.model_fields, "extends"}
    kinds = {part.section: part.key for part in FREE}
    assert set(kinds) <= set(schema["$defs"]) and set(kinds.values()) == {"hyper", "options"}
    keys = [(name, key) for name, of in schema["$defs"].items() for key, v in of["properties"].items()]
    bare = [(n, k) for n, k in keys if not schema["$defs"][n]["properties"][k].keys() & {"description", "$ref"}]
    assert bare == []


def test_the_command_prints_it_or_writes_it(schema: dict[str, Any], tmp_path: Path):
    path = tmp_path / FILE_NAME
    ended = bench("recipes", "schema", "--write", path)
    assert ended.code == 0 and ended.out == "" and f"written: {path}" in ended.err
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(bench("recipes", "schema").out) == schema
    write_schema(path)
    path.write_text("{}")
    with pytest.raises(BenchError, match="expected no file, or a schema of `bench recipes schema`; move it away"):
        write_schema(path)
    assert EDITOR_LINE.format(FILE_NAME) == f"# yaml-language-server: $schema={FILE_NAME}"
