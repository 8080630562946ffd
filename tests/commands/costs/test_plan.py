"""`bench plan --on`: numbers of a small setting, what is measured and what is assumed, and what fits nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, Finished, bench, leftovers


def plan(*line: object, runs: Path) -> Any:
    ended = bench("plan", *line, "--setting", MICRO, "--seeds", 1, "--runs", runs, "--json")
    assert ended.code == 0, ended.err
    return ended.json


@pytest.fixture(scope="module")
def on_cards(tmp_path_factory: pytest.TempPathFactory) -> Any:
    runs = tmp_path_factory.mktemp("plan") / "runs"
    planned = plan("dpo", "simpo", "--on", "2xH100", "--price", 3, runs=runs)
    assert leftovers(runs) == []
    return planned


def test_every_stage_has_memory_work_and_time(on_cards: Any):
    stages = {stage["stage"]: stage for stage in on_cards["stages"]}
    assert {"sft seed 1", "dpo seed 1", "simpo seed 1", "score dpo seed 1 on test"} <= set(stages)
    for stage in stages.values():
        assert sum(stage["memory_gib"].values()) > 0 and stage["devices"] == 1
        low, high = stage["seconds"]
        assert 0 < low < high
        assert stage["tokens"].startswith("counted on ")
    assert set(stages["dpo seed 1"]["memory_gib"]) > {"weights", "optimizer", "activations"}


def test_what_is_assumed_and_what_it_costs(on_cards: Any):
    assert "assumed" in on_cards["rates"]["training in float32"]["origin"]
    low, high = on_cards["device_hours"]
    assert low < high
    assert on_cards["price"] == pytest.approx([3 * low, 3 * high])
    assert on_cards["hours"] == pytest.approx([low / 2, high / 2])


def test_finished_stages_calibrate_what_is_left(finished: Finished):
    """On this machine, of which nobody states a rate: what ran here says how long the rest takes."""
    planned = plan("orpo", "--on", "cpu", runs=finished.runs)
    left = [stage for stage in planned["stages"] if not stage["finished"]]
    assert [stage["stage"] for stage in left] == ["orpo seed 1", "score orpo seed 1 on test"]
    assert "measured" in planned["rates"]["training in float32"]["origin"]
    assert all(low == high > 0 for low, high in (stage["seconds"] for stage in left))


def test_what_is_not_known_is_no_zero(tmp_path: Path):
    """Nothing ran here and nobody states a processor's rate: no time, and it says so."""
    line = ("plan", "dpo", "--on", "cpu", "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs")
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert "training in float32: no rate: nothing ran here, and none is stated" in ended.text
    assert "unknown" in ended.out
    assert "to run on 1xcpu: the time of none of them is known" in ended.text and "device-hours" not in ended.text
    assert "memory, computed: " in ended.text
    planned = bench(*line, "--price", "3", "--json").json
    assert planned["hours"] is planned["device_hours"] is planned["price"] is None and planned["untimed"]


def test_where_everything_is_finished_no_time_is_said(finished: Finished):
    line = ("plan", "dpo", "--on", "H100", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs)
    text = bench(*line).text
    assert "0 to run on 1xH100" in text and "in the queue" not in text and "device-hours" not in text


def test_an_architecture_that_is_not_known_says_so(write_yaml: Any, tmp_path: Path):
    setting = write_yaml(
        "other.yaml",
        swap={
            "model_type: gpt_neox": "model_type: gpt_bigcode",
            "intermediate_size": "n_inner",
            "tie_word": "# tie_word",
            "hidden_dropout": "resid_pdrop",
            "attention_dropout": "attn_pdrop",
        },
    )
    ended = bench("plan", "dpo", "--on", "H100", "--setting", setting, "--seeds", 1, "--runs", tmp_path, "--json")
    assert ended.code == 0, ended.err
    (reason,) = {reason for stage in ended.json["stages"] for reason in stage["unknown"]}
    assert reason.startswith("model_type gpt_bigcode: the formulas know gpt_neox")
    assert {stage["memory_gib"] for stage in ended.json["stages"]} == {None}


def test_what_fits_nowhere_is_refused_with_what_would_hold_it(write_yaml: Any, tmp_path: Path):
    """About 24 billion weights, all of them trained: 390 GB of state."""
    large = {
        "hidden_size: 32": "hidden_size: 8192",
        "num_hidden_layers: 2": "num_hidden_layers: 30",
        "num_attention_heads: 2": "num_attention_heads: 64",
        "intermediate_size: 64": "intermediate_size: 32768",
    }
    setting = write_yaml("large.yaml", swap=large)
    ended = bench("plan", "dpo", "--on", "L40S", "--setting", setting, "--seeds", 1, "--runs", tmp_path / "runs")
    assert ended.code == 2
    assert "--on L40S: fits nowhere:" in ended.err
    assert "GiB on one device; would fit: " in ended.err
    assert "8xH100" in ended.err and "Traceback" not in ended.err
    assert "GiB: computed" in ended.out  # the plan is printed all the same


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("--on", "8xH10"), "--on: expected one of"),
        (("--on", "H100", "--price", "nan"), "--price: expected a number of 0 or more"),
        (("--on", "H100", "--start", "-1"), "--start: expected a number of 0 or more"),
    ],
)
def test_what_cannot_be_asked_is_refused(line: tuple[str, ...], said: str, tmp_path: Path):
    ended = bench("plan", "dpo", *line, "--setting", MICRO, "--runs", tmp_path)
    assert ended.code == 2
    assert said in ended.err


def test_a_dry_run_says_the_memory_of_its_biggest_stage(tmp_path: Path):
    line = ("train", "dpo", "--setting", MICRO, "--seeds", 1, "--runs", tmp_path, "--dry-run", "--device", "cpu")
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert "memory, computed: " in ended.text and "weights " in ended.text and "rows at their longest" in ended.text
    memory = json.loads(bench(*line, "--json").out)["memory"]
    assert memory["gib"] == pytest.approx(sum(memory["parts"].values()))
    assert memory["stage"] == "dpo seed 1"
