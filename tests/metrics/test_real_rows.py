"""The reported metrics on rows of a real model over real pairs, against scikit-learn and numpy."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import ROOT, bench
from scipy import stats
from sklearn.metrics import accuracy_score, roc_auc_score

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> tuple[pd.DataFrame, dict[tuple[str, str], float]]:
    """Score rows of stories260K over the held-out politeness pairs, and what `bench eval` says of them."""
    folder = tmp_path_factory.mktemp("real")
    setting = Path(shutil.copyfile(ROOT / "docs" / "examples" / "pretrained_model.yaml", folder / "setting.yaml"))
    (folder / "data").mkdir()
    (folder / "model").symlink_to(shared / "models" / "stories260K")
    (folder / "data" / "pairs.jsonl.gz").symlink_to(shared / "pairs" / "instruction_politeness.jsonl.gz")
    model = shared / "models" / "stories260K"
    line = ("eval", model, "--setting", setting, "--runs", folder / "runs", "--device", "cpu")
    ended = bench(*line, "--set", "score.exclude=[]", "--set", "score.tie_credit=0.0", "--json")
    assert ended.code == 0, ended.err
    (path,) = (folder / "runs" / "score").glob("*/rows.parquet")
    rows = pd.read_parquet(path).sort_values(["example", "candidate"])
    return rows, {(row["metric"], row["scoring"]): row["value"] for row in ended.json}


@pytest.mark.parametrize("scoring", ["logp_mean", "logp_sum"])
def test_the_reported_metrics(scored, scoring):
    rows, measured = scored
    chosen, rejected = rows[scoring].to_numpy().reshape(-1, 2).T
    margin, tokens = chosen - rejected, rows["n_tokens"].to_numpy().reshape(-1, 2).T
    assert len(margin) > 100
    labels = np.repeat([1, 0], len(margin))
    expected = {
        "pair_accuracy": accuracy_score(np.ones(len(margin)), margin > 0),
        "auc": roc_auc_score(labels, np.concatenate([chosen, rejected])),
        "mean_margin": np.mean(margin),
        "std_margin": np.std(margin, ddof=0),
        "ranking_accuracy": accuracy_score(np.ones(len(margin)), margin >= 0),
        "median_margin": np.median(margin),
        "low_margin": np.percentile(margin, 10),
        "d_prime": stats.ttest_ind(chosen, rejected).statistic * np.sqrt(2 / (len(margin) - 1)),
        "margin_over_sd": stats.ttest_1samp(margin, 0).statistic / np.sqrt(len(margin) - 1),
        "margin_length_correlation": stats.pearsonr(margin, tokens[0] - tokens[1]).statistic,
        "longer_chosen_rate": np.mean((tokens[0] > tokens[1]) + (tokens[0] == tokens[1]) / 2),
        "accuracy_against_length": np.mean(margin[tokens[0] < tokens[1]] > 0),
    }
    assert {name: measured[name, scoring] for name in expected} == pytest.approx(expected, rel=1e-9)
