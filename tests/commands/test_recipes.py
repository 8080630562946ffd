"""`bench recipes ls | show | validate`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness import MICRO, ROOT, bench


def test_ls_lists_every_shipped_recipe_with_its_setting_and_method():
    rows = bench("recipes", "ls", "--json").json
    files = {path for path in (ROOT / "recipes").glob("*.yaml")}
    assert {Path(row["recipe"]).resolve() for row in rows} >= files
    assert [(row["setting"], row["method"], row["variant"]) for row in rows] == sorted(
        (row["setting"], row["method"], row["variant"]) for row in rows
    )
    for setting in ("tiny", "pythia410m_ultrafeedback"):
        assert {row["method"] for row in rows if row["setting"] == setting} >= {"sft", "dpo", "simpo", "ddo_rm"}


def test_an_installed_bench_finds_the_shipped_recipes_from_anywhere(away: Path):
    here = bench("recipes", "ls", "--json").json
    assert {(row["setting"], row["method"]) for row in here} >= {
        ("tiny", "dpo"),
        ("pythia410m_ultrafeedback", "ddo_rm"),
    }
    assert bench("recipes", "show", "recipes/ddo_rm_pythia410m.yaml").code == 0


def test_validate_accepts_all_that_is_shipped():
    ended = bench("recipes", "validate")
    assert ended.code == 0, ended.err
    lines = bench("recipes", "validate", "--json").json
    assert len(lines) == len(list((ROOT / "recipes").rglob("*.yaml")))
    assert ended.out.split() == " ".join(lines).split(), "the same words, folded to the terminal's width"


def test_validate_tells_the_faults_of_every_file(tmp_path: Path):
    texts = {"a": "sft: {lerning_rate: 1}", "b": "method: {name: smipo}"}
    for name, line in texts.items():
        method = "" if "method" in line else "method: {name: dpo}\n"
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nsetting: tiny\n{method}{line}\n")
    ended = bench("recipes", "validate", tmp_path / "a.yaml", tmp_path / "b.yaml", MICRO)
    assert ended.code == 2
    assert ended.out == ""
    assert "a.yaml: 1 problem" in ended.err
    assert "lerning_rate: unknown key; did you mean 'learning_rate'?" in ended.err
    assert "b.yaml: 1 problem" in ended.err
    assert "Did you mean 'simpo'?" in ended.err


def test_validate_looks_at_the_recipes_that_a_recipe_names(tmp_path: Path):
    names = {
        "start": "preference: {init_from: dpo@nowhere}",
        "anchor": "preference: {anchors: {trained: {recipe: smipo}}}",
        "circle": "preference: {init_from: circle.yaml}",
    }
    for name, line in names.items():
        method = "mrpo" if name == "anchor" else "dpo"
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nsetting: {MICRO}\nmethod: {{name: {method}}}\n{line}\n")
    ended = bench("recipes", "validate", *(tmp_path / f"{name}.yaml" for name in names))
    assert ended.code == 2 and ended.out == ""
    assert "preference.init_from: no recipe of 'dpo@nowhere'" in ended.err
    assert "preference.anchors.trained: unknown method 'smipo'. Did you mean 'simpo'?" in ended.err
    assert "got a circle" in ended.err


def origins(*args: object) -> dict[str, tuple[str, str]]:
    """Key -> (value, origin) of every printed row."""
    ended = bench("recipes", "show", *args)
    assert ended.code == 0, ended.err
    rows = [re.fullmatch(r"(\S+) {2,}(.*) # (.*)", line) for line in ended.out.splitlines()]
    return {row[1]: (row[2], row[3]) for row in rows if row is not None}


def test_show_prints_every_value_with_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "400")
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo}}\npreference:\n  learning_rate: 3e-4\n")
    found = origins(path, "--set", "sft.max_steps=2")
    micro = MICRO.read_text().splitlines()
    line = 1 + next(i for i, text in enumerate(micro) if text.strip() == "pooling: mean")
    assert found["preference.learning_rate"] == ("0.0003", f"{path}:5")
    assert found["reward_model.pooling"] == ("mean", f"{MICRO}:{line}")
    assert found["sft.max_steps"] == ("2", "--set")
    assert found["method.hyper.beta"] == ("0.1", "method default")
    assert found["data.options.flip_rate"] == ("0", "source default")
    assert found["preference.weight_decay"] == ("0", "built in")


def test_show_says_what_changes_the_setting(tmp_path: Path):
    out = bench("recipes", "show", "dpo", "--setting", MICRO, "--set", "sft.max_steps=2").text
    assert "changes the setting: sft.max_steps" in out
    assert "untuned: no recipe for this method in this setting" in out
    assert "changes the setting" not in bench("recipes", "show", "dpo").out


def test_show_as_json_has_both_hashes():
    shown = bench("recipes", "show", "dpo", "--json").json
    assert shown["recipe"]["method"]["name"] == "dpo"
    assert len(shown["recipe_hash"]) == len(shown["comparability_hash"]) == 16
    other = bench("recipes", "show", "simpo", "--json").json
    assert other["comparability_hash"] == shown["comparability_hash"]
    assert other["recipe_hash"] != shown["recipe_hash"]


@pytest.mark.parametrize("target", ["dpo@nothing", "nothing", "nothing.yaml"])
def test_what_is_not_there_is_refused(target: str):
    assert bench("recipes", "show", target).code == 2
