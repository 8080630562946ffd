"""Ensembles of reward models: what is said of pairs, and the mean as a reward."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import MICRO, bench, finish

from benchbench.core.example import Example, Message
from benchbench.stages.reward_ensemble.run import with_columns


def test_columns_by_hand():
    """Members' rewards (2, 1), (4, 0): margins 1 and 4, mean 2.5 and sd sqrt(4.5); responses 3 and 0.5."""
    example = Example("e", (Message("user", "?"),), ("a", "b"), columns={"gold": (1.0, 0.0)})
    columns = with_columns(example, np.array([[2.0, 1.0], [4.0, 0.0]])).columns
    assert columns["margin_mean"] == 2.5 and columns["margin_sd"] == pytest.approx(4.5**0.5)
    assert columns["reward_mean"] == (3.0, 0.5) and columns["reward_sd"] == pytest.approx((2**0.5, 0.5**0.5))
    assert columns["gold"] == (1.0, 0.0)


def test_four_candidates_have_no_margin():
    example = Example("e", (Message("user", "?"),), ("a", "b", "c"))
    assert with_columns(example, np.ones((2, 3))).columns.keys() == {"reward_mean", "reward_sd"}


def test_the_objective_reads_what_the_members_say(tmp_path: Path):
    """Two plain members rate the pairs; the column is the mean difference of their rows, read with pandas."""
    runs = tmp_path / "runs"
    sets = ["reward_model.ensemble={size: 2}"]
    status = finish(["reward_model@bt_adaptive_margin"], runs=runs, sets=sets)
    assert set(status.values()) == {"done"}, status
    kinds = [key.split("/")[0] for key in status]
    assert kinds.count("reward_model") == 3 and kinds.count("reward_ensemble") == 1
    folder = next((runs / "reward_ensemble").iterdir())
    lock = (folder / "lock.yaml").read_text()
    rows = [pd.read_parquet(p / "rows.parquet") for p in (runs / "reward").iterdir() if p.name in lock]
    assert len(rows) == 2
    margins = [frame.pivot(index="example", columns="candidate", values="reward") for frame in rows]
    mean = sum(pairs[0] - pairs[1] for pairs in margins) / 2
    examples = [json.loads(line) for line in (folder / "examples" / "reward.jsonl").read_text().splitlines()]
    assert len(examples) == 96
    for example in examples:
        assert example["columns"]["margin_mean"] == pytest.approx(mean[example["id"]], rel=1e-12)
    heads = [json.loads(p.read_text()) for p in (runs / "reward_model").glob("*/model/reward_head.json")]
    assert sorted(head.get("objective", {}).get("name", "plain") for head in heads) == [
        "bt_adaptive_margin",
        "plain",
        "plain",
    ]


def test_members_differ_and_their_mean_is_the_reward(tmp_path: Path):
    runs = tmp_path / "runs"
    status = finish(["reward_model"], runs=runs, sets=["reward_model.ensemble={size: 3, use: rewards}"])
    assert set(status.values()) == {"done"}, status
    rows = [pd.read_parquet(path) for path in (runs / "reward").glob("*/rows.parquet")]
    together = pd.read_parquet(next((runs / "reward_ensemble").glob("*/rows.parquet")))
    rewards = np.stack([frame["reward"] for frame in rows])
    np.testing.assert_allclose(together["reward"], rewards.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(together["reward_sd"], rewards.std(axis=0, ddof=1), rtol=1e-9)
    assert (together["reward_sd"] > 0).all()


def test_an_ensemble_that_nobody_reads_is_refused(tmp_path: Path):
    line = ("compare", "reward_model", "--setting", MICRO, "--seeds", 1, "--runs", tmp_path, "--dry-run", "--set")
    ended = bench(*line, "reward_model.ensemble={size: 2}")
    assert ended.code == 2
    assert "reward_model.ensemble: objective 'bradley_terry' reads none of margin_mean" in ended.err
    ended = bench(*line, "reward_model.ensemble={size: 2}", "--set", "reward_model.pseudo_labels={split: train}")
    assert "expected at most one of ensemble, pseudo_labels and drawn" in ended.err
