"""`bench tune`: equal grids, scored on a validation split."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from harness import MICRO, bench, finish, tree

from benchbench.commands.clean import unused
from benchbench.recipe.document import read_document
from benchbench.store.runs import RunStore

RATE = "preference.learning_rate"


def test_the_grid_is_scored_on_the_validation_split_and_one_setting_is_chosen(tmp_path: Path):
    for rate in ("1e-4", "1e-2"):  # the stages are those of an ordinary run on the validation split
        sets = [f"preference.learning_rate={rate}", "score.split=validation"]
        assert set(finish(["simpo"], runs=tmp_path / "runs", seeds=(1, 2), sets=sets).values()) == {"done"}
    ended = bench(
        *("tune", "simpo", "--setting", MICRO, "--grid", "preference.learning_rate=1e-4,1e-2", "--seeds", 1, 2),
        *("--runs", tmp_path / "runs", "--results", tmp_path / "results", "--json"),
    )
    assert ended.code == 0, ended.err
    assert "finished already" in ended.err
    endings = (".csv", ".md", ".png", ".stages.json")
    assert sorted(tree(tmp_path / "results")) == [f"micro/tuning/simpo{end}" for end in endings]
    unused_things = unused(RunStore(tmp_path / "runs"), [tmp_path / "results"]).unused
    assert [each for each in unused_things if each.kind != "draft"] == [], "what a grid rests on is kept"
    page = (tmp_path / "results" / "micro" / "tuning" / "simpo.md").read_text(encoding="utf-8")
    assert "    bench tune simpo --grid preference.learning_rate=1e-4,1e-2 --setting" in page
    tuned = ended.json
    assert (tuned["label"], tuned["split"], tuned["seeds"]) == ("simpo", "validation", [1, 2])
    assert [row["preference.learning_rate"] for row in tuned["rows"]] == [1e-4, 1e-2]
    assert [row["chosen"] for row in tuned["rows"]].count("chosen") == 1
    best = max(row["mean"] for row in tuned["rows"])
    for row in tuned["rows"]:
        assert row["mean"] == pytest.approx((row["seed 1"] + row["seed 2"]) / 2)
        assert row["below best"] == pytest.approx(best - row["mean"])
    chosen = next(row for row in tuned["rows"] if row["chosen"])
    good = [row for row in tuned["rows"] if row["mean"] == best or row["below best"] <= row["se"]]
    assert chosen == good[0], "the first of those that are as good as the best within one standard error"
    (edge,) = tuned["notes"]
    assert (
        "value of its axis, so a better one may lie beyond; --widen adds one value beyond it" in edge and edge in page
    )
    alone = bench(
        *("tune", "simpo", "--setting", MICRO, "--grid", "preference.learning_rate=1e-4,1e-2", "--seeds", 1),
        *("--runs", tmp_path / "runs", "--results", tmp_path / "results"),
    )
    assert "rule: the first value within one paired standard error of the best (rule 1, fixed" in alone.text
    assert "so there is no standard error, and the best of one run of each setting was chosen" in alone.text
    kinds = {path.name: len(list(path.iterdir())) for path in (tmp_path / "runs").iterdir()}
    assert kinds["sft"] == 2, "a grid shares the SFT of a seed"
    assert kinds["preference"] == 4


def finish_grid(runs: Path, methods: list[str], *rates: str) -> None:
    """The stages of a grid, in this process."""
    for rate in rates:
        sets = [f"{RATE}={rate}", "score.split=validation"]
        assert set(finish(methods, runs=runs, seeds=(1, 2), sets=sets).values()) == {"done"}


def test_grids_of_several_methods_are_widened_once_logged_and_written_as_recipes(tmp_path: Path):
    runs, log, folder = tmp_path / "runs", tmp_path / "log.csv", tmp_path / "recipes"
    finish_grid(runs, ["simpo", "dpo"], "1e-5", "1e-4", "1e-3", "1e-2")
    line = ("tune", "simpo", "dpo", "--setting", MICRO, "--grid", f"{RATE}=1e-4,1e-3", "--seeds", 1, 2, "--widen")
    line = (*line, "--runs", runs, "--results", tmp_path / "results", "--log", log, "--write-recipe", folder)
    ended = bench(*line, "--json")
    assert ended.code == 0, ended.err
    assert [grid["label"] for grid in ended.json] == ["simpo", "dpo"]
    for grid in ended.json:
        rates = [row[RATE] for row in grid["rows"]]
        assert rates in ([1e-5, 1e-4, 1e-3], [1e-4, 1e-3, 1e-2]), "both of two values are edges, so one is added"
        assert [row[RATE] for row in grid["rows"] if row["widened"]] == [rates[0] if rates[0] == 1e-5 else 1e-2]
        (chosen,) = [row[RATE] for row in grid["rows"] if row["chosen"]]
        assert grid["chosen"] == {RATE: chosen}
        written = read_document(folder / f"{grid['label']}_micro.yaml").values
        assert written["preference"] == {"learning_rate": chosen}
        assert "widened once by" in written["description"]
        assert written["description"].endswith(
            "seeds 1 2, rule 1 (the first value within one paired standard error of the best)."
        )
    with log.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["dpo"] * 3 + ["simpo"] * 3
    assert all(row["setting"] == "micro" and row["split"] == "validation" and row["rule"] == "1" for row in rows)
    before = log.read_bytes()
    again = bench(*line)
    assert again.code == 0 and log.read_bytes() == before
    assert "simpo on split validation" in again.out and "dpo on split validation" in again.out


def test_a_setting_that_diverges_is_marked_and_never_chosen_and_the_rest_goes_on(tmp_path: Path):
    runs, log = tmp_path / "runs", tmp_path / "log.csv"
    finish_grid(runs, ["simpo"], "1e-4")
    ended = bench(
        *("tune", "simpo", "--setting", MICRO, "--grid", f"{RATE}=1e-4,1e30", "--seeds", 1, 2, "--runs", runs),
        *("--results", tmp_path / "results", "--log", log, "--json", "--device", "cpu", "--workers", 1),
    )
    assert ended.code == 0, ended.err
    first, second = ended.json["rows"]
    assert (first["chosen"], first["diverged"]) == ("chosen", "")
    assert (second["chosen"], second["diverged"], second["mean"]) == ("", "diverged", None)
    assert "diverged" in log.read_text(encoding="utf-8").splitlines()[2]


def test_what_would_be_lost_is_refused_before_anything_runs(tmp_path: Path):
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "simpo_micro.yaml").write_text(
        "name: simpo_micro\nsetting: micro\nmethod: {name: simpo, hyper: {beta: 9.0}}\n", encoding="utf-8"
    )
    line = ("tune", "simpo", "--setting", MICRO, "--grid", f"{RATE}=1e-4,1e-3", "--runs", tmp_path / "runs")
    ended = bench(*line, "--write-recipes", folder)
    assert ended.code == 2
    assert "differs from what would be written in method.hyper.beta" in ended.err and "--force" in ended.err
    assert not (tmp_path / "runs" / "sft").exists()
    (tmp_path / "log.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    ended = bench(*line, "--log", tmp_path / "log.csv")
    assert ended.code == 2 and "expected a log of `bench tune`" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("simpo", "simpo"), "simpo: named twice; a method has one grid"),
        (("simpo", "--split", "test"), "--split: 'test' is the split that results are reported on"),
        (("simpo", "--set", "score.headline.metric=auc"), "score.headline.metric: 'auc' is no mean over pairs"),
    ],
)
def test_what_cannot_be_tuned_is_refused(tmp_path: Path, words: tuple[str, ...], said: str):
    grid = ("--setting", MICRO, "--grid", f"{RATE}=1e-4,1e-3", "--runs", tmp_path / "runs")
    ended = bench("tune", *words, *grid)
    assert ended.code == 2 and said in ended.err
