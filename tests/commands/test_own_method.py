"""A method of a user's own file, from its check to its row in a comparison; what is wrong is said before training."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, bench, execute, leftovers

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from tests.methods.own_files import SPOILED, write_method


def plan_of(target: object, runs: Path):
    request = CompareRequest(["dpo", str(target)], str(MICRO), ["1"])
    return prepare_comparison(request, RunOptions("cpu", runs=runs)).session.plan


def test_a_comparison_has_its_row_trained_by_a_worker(tmp_path: Path):
    path = write_method(tmp_path)
    line = ("--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--results", tmp_path / "results")
    ended = bench("compare", "dpo", path, *line, "--workers", 1, "--pairs-only")
    assert ended.code == 0, ended.err
    assert [row.split()[0] for row in ended.out.splitlines() if " untuned" in row] == ["dpo", "mine"]
    rows = pd.read_csv(tmp_path / "results" / "micro" / "measurements.csv")
    assert resolve(str(path), setting=str(MICRO)).recipe.method.name in set(rows["method"])


def test_its_content_is_part_of_the_identity_and_its_place_is_not(tmp_path: Path):
    path = write_method(tmp_path / "a")
    moved = write_method(tmp_path / "b")
    loaded, elsewhere = (resolve(str(each), setting=str(MICRO)) for each in (path, moved))
    assert loaded.recipe_hash == elsewhere.recipe_hash and loaded.label == "mine"
    stages = set(plan_of(path, tmp_path / "runs").stages)
    assert set(plan_of(moved, tmp_path / "runs").stages) == stages
    path.write_text(path.read_text() + "# another line\n")
    assert resolve(str(path), setting=str(MICRO)).recipe_hash != loaded.recipe_hash
    others = set(plan_of(path, tmp_path / "runs").stages)
    assert {key.partition("/")[0] for key in others - stages} == {"preference", "score"}
    assert len(others - stages) == 2, "its policy and that policy's score"


def test_a_worker_refuses_a_file_that_changed_since_it_was_planned(tmp_path: Path):
    path = write_method(tmp_path)
    options = RunOptions("cpu", runs=tmp_path / "runs")
    plan = plan_of(path, tmp_path / "runs")
    path.write_text(path.read_text() + "# another line\n")
    ended = {}
    for key, spec in plan.stages.items():
        if all(ended[needed].status == "done" for needed in spec.inputs.values()):
            ended[key] = execute(spec, options.store)
        elif "mine" not in spec.title:
            pytest.fail(spec.title)
    (refused,) = [record for record in ended.values() if record.status == "failed"]
    assert "changed since it was planned" in refused.message and str(path) in refused.message
    assert refused.key.startswith("preference/")


@pytest.mark.parametrize("words", SPOILED)
def test_what_is_wrong_is_said_before_training(tmp_path: Path, words: str):
    before, after, said = SPOILED[words]
    path = write_method(tmp_path, swap=(before, after))
    compared = bench("compare", "dpo", path, "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs")
    checked = bench("methods", "check", path)
    for ended in (compared, checked):
        text = ended.out + ended.err
        assert ended.code == 2, text
        assert said in text and "expected" in text and "Traceback" not in text
    assert leftovers(tmp_path / "runs") == []


@pytest.mark.parametrize(
    "method",
    ["{name: ./own/mine.py}", "{file: own/mine.py}", "{name: mine, file: ./own/mine.py}"],
)
def test_a_recipe_names_a_file_beside_it(tmp_path: Path, write_yaml, method: str):
    path = write_method(tmp_path / "own")
    text = f"name: r\nsetting: {MICRO}\nmethod: {method}\n"
    recipe = write_yaml("r.yaml", text)
    loaded = resolve(str(recipe), setting=None)
    assert loaded.label == "mine"
    assert loaded.recipe.method.file == str(path)
    assert loaded.recipe.method.name == resolve(str(path), setting=str(MICRO)).recipe.method.name
    assert bench("recipes", "validate", recipe).code == 0


def test_a_recipe_may_pin_the_content(tmp_path: Path, write_yaml):
    name = resolve(str(write_method(tmp_path)), setting=str(MICRO)).recipe.method.name
    kept = write_yaml("kept.yaml", f"name: r\nsetting: {MICRO}\nmethod: {{name: {name}, file: mine.py}}\n")
    assert resolve(str(kept), setting=None).recipe.method.name == name
    other = write_yaml("other.yaml", f"name: r\nsetting: {MICRO}\nmethod: {{name: {name[:-1]}x, file: mine.py}}\n")
    with pytest.raises(BenchError, match=r"method\.file: .*expected 'mine\+.*x', found 'mine\+"):
        resolve(str(other), setting=None)


def test_hyper_parameters_and_variants_are_its_own(tmp_path: Path):
    variants = '    variants={"default": {}, "strong": {"beta": 9.0}},\n'
    path = write_method(tmp_path, swap=("    reward=reward,\n", f"    reward=reward,\n{variants}"))
    loaded = resolve(f"{path}@strong", setting=str(MICRO))
    assert loaded.label == "mine@strong" and loaded.bound["method.hyper"].beta == 9.0
    with pytest.raises(BenchError, match="unknown variant 'strnog' of method 'mine'. Did you mean 'strong'"):
        resolve(f"{path}@strnog", setting=str(MICRO))
    refused = bench("compare", "dpo", path, "--setting", MICRO, "--set", "method.hyper.beta=-1", "--dry-run")
    assert refused.code == 2 and "beta: expected a finite number above 0, got -1" in refused.err


def test_a_file_that_is_not_there_is_named():
    ended = bench("compare", "dpo", "./nowhere.py", "--setting", MICRO)
    assert ended.code == 2 and "nowhere.py: no such file" in ended.err
