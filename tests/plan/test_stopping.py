"""Where responses end, as the plan finds it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import pytest
from harness import MICRO, generate_section
from sources.fake_hub import Repo, serving

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.core.identity import identity
from benchbench.core.records import StageSpec
from benchbench.plan.prepare import prepare
from benchbench.plan.prepared import Prepared
from benchbench.plan.stopping import configured_ids
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override

COMMIT = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"
FILE = "generation_config.json"


def planned(folder: Path, *sets: str, setting: str | None = None) -> dict[str, StageSpec]:
    """Title -> stage, of a comparison of the micro setting with responses."""
    path = folder / "setting.yaml"
    if setting is None:
        path.write_text(MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4), encoding="utf-8")
    request = CompareRequest(["dpo"], setting or str(path), ["1"], overrides=list(sets))
    plan = prepare_comparison(request, RunOptions(runs=folder / "runs")).session.plan
    return {spec.title: spec for spec in plan.stages.values()}


def of_responses(stages: dict[str, StageSpec]) -> StageSpec:
    return stages["responses of dpo seed 1 on test"]


def end_of_turn(mark: str) -> str:
    return f"tokenization.template.assistant='<|assistant|> {{content}}{mark}'"


@pytest.mark.parametrize("setting", [None, "tiny"])
def test_where_no_file_and_no_template_names_a_stop_the_identity_is_what_it_was(tmp_path: Path, setting: str | None):
    stages = planned(tmp_path, setting=setting)
    spec = stages[min(title for title in stages if title.startswith("responses of dpo"))]
    assert "stop_token_ids" not in identity(spec.settings) and spec.run.stops is None


def test_where_all_that_is_named_is_eos_the_identity_is_what_it_was(tmp_path: Path):
    same = of_responses(planned(tmp_path, end_of_turn("<|endoftext|>")))
    assert "stop_token_ids" not in identity(same.settings)
    assert same.run.stops["found"][0]["origins"] == ["EOS", "template"]


def test_the_token_that_ends_a_turn_is_part_of_the_identity_of_responses(tmp_path: Path):
    before, after = planned(tmp_path), planned(tmp_path, end_of_turn("<|user|>"))
    assert of_responses(after).settings.stop_token_ids == (1, 2)
    assert of_responses(before).key != of_responses(after).key


def test_stops_that_the_recipe_names_are_all_there_is_beside_eos(tmp_path: Path):
    spec = of_responses(planned(tmp_path, end_of_turn("<|user|>"), "generate.stop_tokens=['<|assistant|>']"))
    assert "stop_token_ids" not in identity(spec.settings) and spec.run.stops is None
    assert spec.settings.generate.stop_tokens == ("<|assistant|>",)


# The model's generation_config.json.


@pytest.fixture
def micro(tmp_path: Path) -> tuple[Loaded, Prepared]:
    """The micro setting, and what it reads."""
    loaded = resolve("dpo", setting=str(MICRO))
    return loaded, prepare(loaded, tmp_path / "runs")


def local(micro: tuple[Loaded, Prepared], folder: Path) -> tuple[Loaded, Prepared]:
    """The same on a model folder."""
    return _with(micro, str(folder), None, folder)


def on_the_hub(micro: tuple[Loaded, Prepared], folder: Path) -> tuple[Loaded, Prepared]:
    """The same on a model of the hub, of which `folder` is in the cache."""
    return _with(micro, "org/name", COMMIT, folder)


def _with(micro: tuple[Loaded, Prepared], name: str, revision: str | None, folder: Path) -> tuple[Loaded, Prepared]:
    values = {"from_config": None, "model_name_or_path": name, "revision": revision}
    overrides = [Override(f"model.{key}", value) for key, value in values.items()]
    return resolve("dpo", setting=str(MICRO), overrides=overrides), replace(micro[1], model_path=str(folder))


@pytest.mark.parametrize(
    ("text", "ids"),
    [('{"eos_token_id": 7}', (7,)), ('{"eos_token_id": [7, 9]}', (7, 9)), ('{"eos_token_id": null}', ()), ("{}", ())],
)
def test_the_model_may_name_one_end_or_several(tmp_path: Path, micro, text: str, ids: tuple[int, ...]):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert configured_ids(*local(micro, tmp_path)) == ids


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"eos_token_id": "</s>"}', '{"eos_token_id": [1.5]}', '{"eos_token_id": true}']
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, micro, text: str):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(
        BenchError, match=r"generation_config\.json: expected a JSON object whose eos_token_id"
    ) as caught:
        configured_ids(*local(micro, tmp_path))
    assert caught.value.status == 2


def test_a_model_from_a_configuration_and_a_folder_without_the_file_name_none(tmp_path: Path, micro):
    assert configured_ids(*micro) == ()
    assert configured_ids(*local(micro, tmp_path)) == ()


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in the hub's cache as it was brought before anybody asked for the file; there is no hub."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    folder = tmp_path / "hub" / "models--org--name" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("offline", [True, False])
def test_a_file_that_may_be_on_the_hub_is_not_taken_for_none(cached: Path, micro, monkeypatch, offline: bool):
    """Else the same recipe would end responses elsewhere on a machine that has the file."""
    if offline:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BenchError, match="cannot tell whether the model has a generation_config.json") as caught:
        configured_ids(*on_the_hub(micro, cached))
    assert caught.value.status == 5
    assert "bench fetch" in str(caught.value) and "generate.stop_tokens" in str(caught.value)


def test_a_file_that_the_hub_does_not_have_is_known_not_to_be(cached: Path, micro, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    absent = cached.parents[1] / ".no_exist" / COMMIT
    absent.mkdir(parents=True)
    (absent / FILE).touch()
    assert configured_ids(*on_the_hub(micro, cached)) == ()


def test_a_file_of_the_cache_is_read(cached: Path, micro):
    (cached / FILE).write_text(json.dumps({"eos_token_id": [3]}), encoding="utf-8")
    assert configured_ids(*on_the_hub(micro, cached)) == (3,)


@pytest.mark.parametrize(
    ("held", "ids"), [({FILE: b'{"eos_token_id": [3, 5]}'}, (3, 5)), ({}, ())], ids=["with the file", "without it"]
)
def test_the_hub_is_asked_once_for_a_file_that_an_earlier_fetch_left_out(cached: Path, micro, monkeypatch, held, ids):
    with serving(Repo("model", "org/name", COMMIT, {"config.json": b"{}", **held})) as address:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        template = huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE
        here = address + template[template.index("/{repo_id}") :]
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", here)
        assert configured_ids(*on_the_hub(micro, cached)) == ids
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert configured_ids(*on_the_hub(micro, cached)) == ids, "known from then on, without a hub"
