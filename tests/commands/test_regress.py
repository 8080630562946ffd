"""`bench regress`: three tiers over committed results, each with a change that it must notice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, bench, finish, tree

SEEDS = range(5)
FLIPPED = "data.options.flip_rate=1.0"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference of the micro setting, and the stages of the new seed and of the canary, finished."""
    root = tmp_path_factory.mktemp("regress")
    assert set(finish(["simpo"], runs=root / "runs", seeds=SEEDS).values()) == {"done"}
    assert set(finish(["simpo"], runs=root / "runs", seeds=[101, 102]).values()) == {"done"}
    assert set(finish(["simpo"], runs=root / "runs", seeds=[101], sets=[FLIPPED]).values()) == {"done"}
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *SEEDS, "--checkpoint", "simpo")
    ended = bench(*line, "--runs", root / "runs", "--results", root / "results", "--folder", root / "reference")
    assert ended.code == 0, ended.err
    return root


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A reference to change."""
    return Path(shutil.copytree(made / "reference", tmp_path / "reference"))


def regress(made: Path, folder: Path, *words: object) -> list[dict[str, str]]:
    ended = bench("regress", folder, *words, "--runs", made / "runs", "--device", "cpu", "--json")
    failing = {"moved", "outside", "not noticed"}
    assert ended.code in (0, 3), ended.err
    assert (ended.code == 3) == any(row["verdict"] in failing for row in ended.json)
    return ended.json


def refused(folder: Path, *words: object) -> str:
    before = tree(folder)
    ended = bench("regress", folder, *words, "--device", "cpu")
    assert (ended.code, ended.out) == (2, "")
    assert tree(folder) == before
    return ended.err


def change_rows(folder: Path, change) -> None:
    frame = pd.read_parquet(folder / "rows.parquet")
    change(frame)
    frame.to_parquet(folder / "rows.parquet")


def test_nothing_moved_where_nothing_was_changed(made: Path):
    rows = regress(made, made / "reference")
    assert {row["verdict"] for row in rows} <= {"same", "inside", "warning"}
    assert {row["tier"] for row in rows} == {"1 recompute", "2 re-score", "3 re-train"}
    assert [row["verdict"] for row in rows if row["tier"] != "3 re-train"] == ["same", "same"]


def test_tier_1_notices_one_row_turned_round(made: Path, copy: Path):
    def turn(frame: pd.DataFrame) -> None:
        first = frame.index[:2]
        for name in ("logp_sum", "logp_mean"):
            frame.loc[first, name] = frame.loc[first, name].to_numpy()[::-1]

    change_rows(copy, turn)
    rows = regress(made, copy, "--tier", 1)
    assert {row["verdict"] for row in rows} == {"moved"}
    assert "committed" in rows[0]["found"] and "measured" in rows[0]["found"]


def test_tier_1_notices_a_measurement_that_was_typed_in(made: Path, copy: Path):
    path = copy / "measurements.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, "value"] = "0.123"
    frame.to_csv(path, index=False)
    (row,) = regress(made, copy, "--tier", 1)
    assert row["verdict"] == "moved" and "0.123" in row["found"]


def test_tier_2_notices_rows_that_the_checkpoint_does_not_give(made: Path, copy: Path):
    def shift(frame: pd.DataFrame) -> None:
        frame["logp_mean"] += 0.01

    change_rows(copy, shift)
    (row,) = regress(made, copy, "--tier", 2)
    assert row["verdict"] == "moved" and row["found"].startswith("0.01 nats per token")


def narrow(folder: Path, value: float) -> None:
    """Committed headline numbers around a value that no run has."""
    path = folder / "measurements.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    headline = (frame["metric"] == "pair_accuracy") & (frame["scoring"] == "logp_mean")
    frame.loc[headline, "value"] = [str(value + 1e-4 * place) for place in range(int(headline.sum()))]
    frame.to_csv(path, index=False)


def test_tier_3_tries_a_breach_once_more_and_then_fails(made: Path, copy: Path):
    narrow(copy, 0.99)
    rows = [row for row in regress(made, copy, "--tier", 3) if "pair_accuracy (logp_mean)" in row["what"]]
    assert [row["verdict"] for row in rows] == ["warning", "warning", "outside", "outside"]
    assert all("tried again" in row["found"] for row in rows[:2])
    assert ["seed 101" in row["what"] for row in rows] == [True, True, False, False]


def test_a_canary_that_is_noticed_and_one_that_is_not(made: Path, copy: Path):
    narrow(copy, 0.99)
    (row,) = regress(made, copy, "--tier", 1, "--canary", FLIPPED)[-1:]
    assert row["verdict"] == "noticed"
    path = copy / "measurements.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    headline = (frame["metric"] == "pair_accuracy") & (frame["scoring"] == "logp_mean")
    frame.loc[headline, "value"] = [str(place / 10) for place in range(int(headline.sum()))]
    frame.to_csv(path, index=False)
    (row,) = regress(made, copy, "--tier", 1, "--canary", FLIPPED)[-1:]
    assert row["verdict"] == "not noticed"


def test_rows_of_two_scorer_versions_are_refused(copy: Path):
    def older(frame: pd.DataFrame) -> None:
        frame.loc[frame.index[:4], "scorer_version"] -= 1

    change_rows(copy, older)
    told = refused(copy)
    assert "rows.parquet: expected rows of scorer version 3, found 2 and 3" in told and "bench reference" in told


def test_a_damaged_rows_file_is_refused(copy: Path):
    path = copy / "rows.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    told = refused(copy)
    assert "rows.parquet" in told and "damaged" in told


def test_a_checkpoint_of_another_fingerprint_is_refused(made: Path, copy: Path):
    other = next(path for path in (made / "runs" / "sft").iterdir())
    shutil.copyfile(other / "model" / "model.safetensors", copy / "checkpoint" / "model.safetensors")
    told = refused(copy)
    assert "checkpoint" in told and json.loads((copy / "about.json").read_text())["checkpoint_hash"] in told


def test_a_folder_without_a_reference_is_refused(tmp_path: Path):
    assert "expected a folder that `bench reference` wrote" in refused(tmp_path)


def test_a_recipe_that_is_not_the_one_of_the_reference_is_refused(made: Path, copy: Path):
    path = copy / "measurements.csv"
    path.write_text(path.read_text().replace("simpo_micro,", "simpo_micro,0"))
    ended = bench("regress", copy, "--tier", 3, "--runs", made / "runs", "--device", "cpu")
    assert ended.code == 2
    assert "the recipes are not those of the reference: simpo_micro is" in ended.err
