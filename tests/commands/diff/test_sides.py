"""Cells as the sides of a diff: what has run and what is only planned."""

from __future__ import annotations

from pathlib import Path

from harness import MICRO, Finished, bench


def test_two_methods_at_one_seed_share_their_start_and_part_at_the_first_loss(finished: Finished):
    line = ("diff", "dpo", "simpo", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs)
    values = bench(*line, "--json").json
    assert "policy > sft" in values["same"]
    names = {each["name"] for each in values["differences"] if each["kind"] == "settings"}
    assert {"method.name", "method.hyper.beta"} <= names and "order_seed" not in names
    assert {each["name"]: each["step"] for each in values["partings"]}["loss"] == 1
    assert values["only_a"] == [each for each in values["only_a"] if "reference" in each] and values["only_a"]


def test_two_seeds_of_one_method_differ_in_what_the_seed_reaches(finished: Finished):
    line = ("diff", "dpo", "dpo", "--setting", MICRO, "--seeds", 1, 2, "--runs", finished.runs)
    values = bench(*line, "--json").json
    assert {each["name"] for each in values["differences"] if each["kind"] == "settings"} == {"order_seed", "seed"}


def test_what_has_not_run_is_compared_by_its_settings(tmp_path: Path):
    line = ("diff", "dpo", "dpo", "--setting", MICRO, "--seeds", 1, 2, "--runs", tmp_path / "runs")
    ended = bench(*line, "--json")
    assert ended.code == 0, ended.err
    assert {each["name"] for each in ended.json["differences"]} == {"order_seed", "seed"}


def test_a_method_beside_a_stage_is_the_stage_that_trains_it(finished: Finished):
    values = bench("show", "run", "dpo", "--setting", MICRO, "--runs", finished.runs, "--json").json
    line = ("diff", values["key"], "dpo", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs)
    ended = bench(*line)
    assert ended.code == 0 and "nothing tells the two apart" in ended.text
