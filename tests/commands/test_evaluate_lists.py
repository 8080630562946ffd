"""`bench eval` of score rows that hold lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import bench
from scipy.stats import kendalltau
from sklearn.metrics import ndcg_score

from benchbench.commands.evaluate.lists import evaluate_lists, is_rows
from benchbench.core.errors import BenchError

LISTS, CANDIDATES = 30, 4


@pytest.fixture
def frame() -> pd.DataFrame:
    """Thirty lists of four candidates with two scores each and ratings of 0 to 3."""
    rng = np.random.default_rng(0)
    size = LISTS * CANDIDATES
    return pd.DataFrame(
        {
            "example": np.repeat([f"e{i:02d}" for i in range(LISTS)], CANDIDATES),
            "candidate": np.tile(np.arange(CANDIDATES), LISTS),
            "logp_sum": rng.normal(size=size),
            "reward": rng.normal(size=size),
            "column_rating": np.concatenate([rng.permutation(CANDIDATES) for _ in range(LISTS)]).astype(float),
        }
    )


def by_list(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy().reshape(LISTS, CANDIDATES)


def test_every_metric_under_every_scoring_of_the_rows_as_others_have_them(frame: pd.DataFrame, tmp_path: Path):
    frame.sample(frac=1, random_state=1).to_parquet(tmp_path / "rows.parquet")
    assert is_rows(str(tmp_path)) and is_rows(str(tmp_path / "rows.parquet"))
    measured = evaluate_lists(str(tmp_path), gold="rating")
    assert set(measured["scoring"]) == {"logp_sum", "reward_model"} and set(measured["n"]) == {LISTS}
    values = measured.set_index(["metric", "scoring"])["value"]
    gold = by_list(frame, "column_rating")
    for scoring, column in (("logp_sum", "logp_sum"), ("reward_model", "reward")):
        score = by_list(frame, column)
        assert values["ndcg", scoring] == pytest.approx(ndcg_score(2**gold - 1, score), rel=1e-12)
        taus = [kendalltau(s, g).statistic for s, g in zip(score, gold, strict=True)]
        assert values["kendall_tau_b", scoring] == pytest.approx(np.mean(taus), rel=1e-12)
        assert values["top1", scoring] == pytest.approx((score.argmax(axis=1) == gold.argmax(axis=1)).mean(), rel=1e-12)


def test_the_verb_prints_what_a_file_gives(frame: pd.DataFrame, tmp_path: Path):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    ended = bench("eval", tmp_path / "rows.csv", "--gold", "rating")
    assert ended.code == 0, ended.err
    assert " ".join(ended.out.split()).startswith("30 lists of 4 candidates, ranked by logp_sum, reward_model, against")
    assert all(name in ended.out for name in ("top1", "ndcg", "reciprocal_rank", "kendall_tau_b"))
    values = bench("eval", tmp_path / "rows.csv", "--gold", "rating", "--json").json
    assert {(row["metric"], row["scoring"]) for row in values} >= {("ndcg", "reward_model")} and len(values) == 8


@pytest.mark.parametrize(
    ("change", "gold", "message"),
    [
        (lambda f: f, None, "rows.csv: expected a column column_gold, .* found column_rating; --gold rating reads it"),
        (lambda f: f.drop(columns=["column_rating"]), None, "column_gold, .* found none; name it so"),
        (lambda f: f.drop(columns=["candidate"]), "rating", "found no column candidate"),
        (lambda f: f.drop(columns=["logp_sum", "reward"]), "rating", "expected scores in one of logp_mean, logp_sum"),
        (lambda f: f.assign(column_rating=-1.0), "rating", "negative"),
        (lambda f: f.iloc[3:], "rating", "one alone"),
        (lambda f: f.assign(reward=[np.nan, *f["reward"][1:]]), "rating", "a score that is none under reward_model"),
        (lambda f: pd.concat([f, f]), "rating", "one twice"),
    ],
)
def test_what_cannot_be_ranked_is_refused(frame: pd.DataFrame, tmp_path: Path, change, gold, message):
    change(frame).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(BenchError, match=message):
        evaluate_lists(str(tmp_path / "rows.csv"), gold=gold)


def test_options_that_nothing_reads_are_refused(frame: pd.DataFrame, tmp_path: Path):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    ended = bench("eval", tmp_path / "rows.csv", "--setting", "tiny", "--seeds", 1, "--device", "cpu")
    assert ended.code == 2 and "--setting, --seeds, --device: not read" in ended.err
    ended = bench("eval", "dpo", "--gold", "rating")
    assert ended.code == 2 and "--gold: not read, since dpo holds no rows of lists" in ended.err
