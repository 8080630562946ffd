"""A plan with searches says what they draw at most, and that it is not known before."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import WIDE, bench


def test_a_plan_shows_what_a_search_draws_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", WIDE)
    methods = ("dpo@cpo_chain", "dpo@full_path", "imitation@tree", "dpo@mcts_dpo")
    line = ("compare", *methods, "--setting", "arithmetic", "--seeds", 42, "--runs", tmp_path, "--dry-run")
    ended = bench(*line, "--allow-different")
    assert ended.code == 0, ended.err
    assert "dpo@cpo_chain seed 42: at most 95,000 responses to draw, 95,000 labels to ask for" in ended.text
    assert "imitation@tree seed 42: at most 0 responses to draw, 0 labels" in ended.text, "shared with full_path"
    assert "not known scored by search" in ended.text
    rounds = bench(*line, "--allow-different", "--json").json["rounds"]  # type: ignore[index]
    assert [row["is_search"] for row in rounds] == [True] * 4
    assert [row["responses"] for row in rounds] == [95_000, 95_000, 0, 16 * 7 * 5 * 1000]
