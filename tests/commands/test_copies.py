"""A recipe whose seed reaches nothing: its seeds are one run, and every command says so instead of an interval."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, bench, finish

SEEDS = (1, 2, 3)
TOLD = "dpo: the seed reaches nothing in this recipe"


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pinned weights, full fine-tuning and seeds that reach initialisation alone; dpo and sft at three seeds."""
    root = tmp_path_factory.mktemp("copies")
    assert set(finish(["sft"], runs=root / "base").values()) == {"done"}
    folder = next((root / "base" / "sft").iterdir()) / "model"
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    text = text[:begin] + f"  model_name_or_path: {folder}\n" + text[end:]
    text = text.replace("seeds: {list: [1, 2]}", "seeds: {list: [1, 2, 3], scope: init_only}")
    (root / "pinned.yaml").write_text(text, encoding="utf-8")
    status = finish(["dpo"], runs=root / "runs", setting=root / "pinned.yaml", seeds=SEEDS)
    assert set(status.values()) == {"done"}
    return root


def line(root: Path, verb: str, *more: object) -> list[object]:
    return [verb, "dpo", "--setting", root / "pinned.yaml", "--runs", root / "runs", *more]


def test_a_table_over_copies_says_that_they_are_one_run(pinned: Path, tmp_path: Path):
    ended = bench(*line(pinned, "compare", "--seeds", *SEEDS, "--results", tmp_path))
    assert ended.code == 0, ended.err
    assert "seed variance not estimated (3 seeds are one run: 1, 2, 3)" in ended.out
    assert TOLD in ended.err
    frame = pd.read_csv(tmp_path / "micro" / "comparisons.csv")
    told = frame[(frame["candidate"] == "sft") & frame["difference"].notna()]
    assert set(told["runs"]) == {1}
    assert (told["k"] == 3).all()
    assert told["note"].str.contains("3 seeds are one run|no spread to measure").all()
    assert not told["interval_method"].str.contains("crossed").any(), "an interval over seeds that are one run"


def test_it_is_said_before_anything_is_trained(pinned: Path, tmp_path: Path):
    for verb in ("compare", "train"):
        planned = bench(*line(pinned, verb, "--seeds", *SEEDS, "--dry-run"))
        assert planned.code == 0, planned.err
        assert TOLD in planned.out and "seeds 1, 2, 3 are one run" in planned.out
    assert TOLD not in bench(*line(pinned, "compare", "--seeds", 1, "--dry-run")).out
    drawn = bench(*line(pinned, "compare", "--seeds", *SEEDS, "--set", "seeds.scope=all", "--dry-run"))
    assert drawn.code == 0 and TOLD not in drawn.out
    in_order = ("sft.data_order=sequential", "preference.data_order=sequential", "seeds.scope=all")
    sets = [word for text in in_order for word in ("--set", text)]
    assert TOLD in bench(*line(pinned, "compare", "--seeds", *SEEDS, *sets, "--dry-run")).out
    fresh = bench("compare", "dpo", "--setting", MICRO, "--seeds", 1, 2, "--runs", pinned / "runs", "--dry-run")
    assert fresh.code == 0 and TOLD not in fresh.out


def test_a_reference_of_copies_is_refused_before_it_is_trained(pinned: Path, tmp_path: Path):
    words = ("reference", "dpo", "--setting", pinned / "pinned.yaml", "--seeds", 1, 2, 3, 4, 5, "--checkpoint", "dpo")
    ended = bench(*words, "--runs", pinned / "runs", "--results", tmp_path, "--folder", tmp_path / "reference")
    assert ended.code == 2
    assert "a reference needs seeds that are different runs" in ended.err and TOLD in ended.err
    assert not (tmp_path / "reference").exists()


def test_claims_are_held_against_different_runs(pinned: Path, tmp_path: Path):
    path = tmp_path / "claimed.yaml"
    path.write_text(
        f"name: claimed\nsetting: {pinned / 'pinned.yaml'}\nmethod: {{name: dpo}}\nseeds: {{list: [1, 2, 3]}}\n"
        "claims:\n"
        "  - {metric: pair_accuracy, scoring: logp_mean, mean: 0.9, sd: 0.0, k: 3, n: 40, tolerance: 0.001, "
        "source: nowhere}\n",
        encoding="utf-8",
    )
    ended = bench("check", path, "--runs", pinned / "runs", "--json")
    claim = ended.json["claims"][0]
    if claim["outcome"] == "not comparable":
        pytest.fail(claim["verdict"]["detail"])
    assert (ended.code, claim["outcome"], claim["verdict"]["decisive"]) == (0, "compatible but underpowered", False)
    assert claim["verdict"]["found"]["k"] == 1
    assert "3 seeds are 1 different runs" in claim["verdict"]["detail"]
    assert claim["p_holm"] is None and claim["gate_fails"] is False


def test_an_audit_refuses_to_call_copies_seeds(pinned: Path):
    words = ("audit", "seeds", "dpo", "--setting", pinned / "pinned.yaml", "--runs", pinned / "runs", "--seeds", *SEEDS)
    ended = bench(*words, "--json")
    assert ended.code == 3
    assert "dpo: 3 seeds are 1 run, not 3" in ended.err
    (row,) = ended.json["rows"]
    assert row["runs"] == [[1, 2, 3]] and row["losses"].startswith("equal in all")
    assert {each["stream"]: set(map(tuple, each["from"].values())) for each in row["draws"]} == {"order": {(42,)}}
    drawn = bench(*words, "--set", "seeds.scope=all")
    assert drawn.code == 4, "different runs, which have not run"
