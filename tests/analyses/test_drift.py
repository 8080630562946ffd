"""drift: on the committed results of the toy setting DPO's chosen responses fall."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from harness import ROOT

from benchbench.analyses._drift_inputs import LOG, SCORES
from benchbench.analyses.drift import analyse
from benchbench.commands.analyse.rows import input_rows
from benchbench.core.analysis import Analysed, NoOptions
from benchbench.core.errors import BenchError

REFERENCE = ROOT / "results" / "reference" / "tiny" / "rows.parquet"


@pytest.fixture(scope="module")
def tiny() -> Analysed:
    """Ten seeds of three methods and SFT, 1000 held-out pairs."""
    rows, _ = input_rows(REFERENCE, SCORES)
    return analyse({"scores": rows}, NoOptions())


def test_dpos_chosen_responses_fall_on_the_toy_setting(tiny: Analysed):
    found = {(row["method"], row["role"]): row for row in tiny.tables[0].rows}
    chosen, rejected = found["dpo", "chosen"], found["dpo", "rejected"]
    assert chosen["high"] < 0 and rejected["high"] < chosen["low"]
    assert found["sft", "chosen"]["drift"] == 0 and math.isnan(found["sft", "chosen"]["low"])
    assert any(note.startswith("sft: ") for note in tiny.notes)


def test_drop_and_degradation_of_the_toy_setting(tiny: Analysed):
    found = {row["method"]: row for row in tiny.tables[1].rows}
    frame = pd.read_parquet(REFERENCE)
    frame["drift"] = frame["logp_sum"] - frame["ref_logp_sum"]
    of_prompts = frame[frame["method"] == "dpo"].groupby(["candidate", "seed", "prompt"])["drift"].mean()
    chosen, rejected = of_prompts.groupby("candidate").mean()
    assert found["dpo"]["drop"] == pytest.approx(chosen - rejected) and found["dpo"]["low"] > 0
    assert 0 < found["dpo"]["both fall"] < 1 and found["dpo"]["pairs"] == 10_000 and found["dpo"]["seeds"] == 10
    assert "dispersion is not known: no unseen responses among the rows" in tiny.notes and tiny.charts == []


def scores(drifts: dict[int, tuple[float, float, float]]) -> list[dict[str, Any]]:
    """Two prompts at each step, drifts of chosen, rejected and an unseen response."""
    return [
        {"method": "m", "seed": 1, "example": example, "candidate": k, "step": step}
        | {"logp_sum": -9 + drift + 0.1 * (example == "b"), "ref_logp_sum": -9.0}
        for step, changes in drifts.items()
        for example in "ab"
        for k, drift in enumerate(changes)
    ]


def test_checkpoints_make_curves_and_unseen_responses_a_row():
    analysed = analyse({"scores": scores({10: (0, -1, 0.2), 20: (-1, -4, 0.6)})}, NoOptions())
    found = {(row["step"], row["role"]): row["drift"] for row in analysed.tables[0].rows}
    assert found[20, "unseen"] == pytest.approx(0.65) and found[20, "chosen"] == pytest.approx(-0.95)
    (chart,) = analysed.charts
    lines = {line.label: (line.x, line.y) for line in chart.lines}
    assert lines["m, rejected"] == ([10, 20], pytest.approx([-0.95, -3.95]))
    assert not any("dispersion" in note for note in analysed.notes)


def test_the_log_of_a_training_is_shown_in_quarters():
    log = [{"step": k, "logps/chosen": -k, "logps/rejected": -2.0 * k, "loss": 0.5} for k in range(1, 9)]
    assert LOG.optional
    table = analyse({"scores": scores({0: (0, 0, 0)}), "log": log}, NoOptions()).tables[2]
    assert table.rows[0] == {"steps": "1 to 2", "chosen": -1.5, "rejected": -3.0} and len(table.rows) == 4


def test_rows_that_contradict_are_refused():
    with pytest.raises(BenchError, match="scores: expected every response once"):
        analyse({"scores": scores({0: (0, 0, 0)}) * 2}, NoOptions())
