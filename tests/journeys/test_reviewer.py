"""A reviewer with a paper and no GPU: what its numbers say, what its protocol does, what was not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import WIDE, bench

PAPER = ("recipes/dpo_pythia410m.yaml", "recipes/ddo_rm_pythia410m.yaml")
SETTING = ("--setting", "pythia410m_ultrafeedback")


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", WIDE)


def test_the_report_itself_says_that_three_seeds_do_not_settle_it(tmp_path: Path):
    ended = bench("check", *PAPER, "--runs", tmp_path)
    assert ended.code == 4, "a claim was not run"
    assert "+0.0363 [-0.017, +0.090], p 0.099: three seeds do not settle it" in ended.out
    assert ended.out.count(": not run, ") == len(PAPER), "one line each"


def test_her_own_copy_of_a_table_is_read_again(tmp_path: Path):
    table = tmp_path / "table.csv"
    table.write_text("method,value_pct,sd_pct,n_seeds\nDPO,49.76,2.27,5\nSimPO,38.23,2.12,5\nIPO,52.36,0.75,5\n")
    ended = bench("reread", table)
    assert ended.code == 0, ended.err
    assert "Of 2 differences to DPO, 1 holds after Holm at 0.05 (below: SimPO)" in ended.out
    assert "IPO against DPO: +2.60" in ended.out and "five seeds do not settle it" in ended.out


def test_quirks_of_the_protocol_are_planned_and_what_is_assumed_is_said(tmp_path: Path):
    ended = bench("quirks", "dpo", "ddo_rm", *SETTING, "--quirk", "score.tie_credit", "--runs", tmp_path, "--dry-run")
    assert ended.code == 0, ended.err
    assert "assumed: splits sft, train, test with all that methods read" in ended.out
    assert "planned from the recipe alone" in ended.out and "one run" not in ended.out


def test_what_a_seed_would_reach_is_known_before_anything_ran(tmp_path: Path):
    """As published a seed reaches the initialisation alone: the order of the data is drawn from 42 at every seed."""
    ended = bench("--offline", "audit", "seeds", "dpo", *SETTING, "--runs", tmp_path, "--json")
    assert ended.code == 4 and "only the plan was looked at: dpo seed" in ended.err
    (row,) = [row for row in ended.json["rows"] if row["row"] == "dpo"]
    assert row["not_run"] == row["seeds"] == [42, 13, 3407]
    (order,) = [draw["from"] for draw in row["draws"] if (draw["stream"], draw["stage"]) == ("order", "preference")]
    assert order == {"42": [42], "13": [42], "3407": [42]}
    assert any("planned from the recipe alone" in line for line in ended.json["assumed"])
