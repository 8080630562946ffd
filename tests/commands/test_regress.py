"""`bench regress`: three tiers over committed results, each with a change that it must notice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, bench, finish, generate_section, tree

SEEDS = range(5)
FLIPPED = "data.options.flip_rate=1.0"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference of the micro setting, and the stages of the new seed and of the canary, finished."""
    root = tmp_path_factory.mktemp("regress")
    setting = root / "judged.yaml"
    judged = generate_section(prompts=12, tokens=8) + "judge:\n  name: gold\n  against: [baseline, chosen]\n"
    setting.write_text(MICRO.read_text(encoding="utf-8") + judged, encoding="utf-8")
    for seeds, sets in ((SEEDS, ()), ((101, 102), ()), ((101,), (FLIPPED,))):
        status = finish(["simpo"], runs=root / "runs", setting=setting, seeds=list(seeds), sets=sets)
        assert set(status.values()) == {"done"}
    line = ("reference", "simpo", "--setting", setting, "--seeds", *SEEDS, "--checkpoint", "simpo")
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
    findings = ended.json["findings"]
    assert (
        (ended.code == 3) == any(row["verdict"] in failing for row in findings) == (ended.json["verdict"] == "failed")
    )
    assert ended.json["summary"].startswith(f"{ended.json['verdict']}: {folder.name}; ")
    return findings


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
    assert [row["verdict"] for row in rows if row["tier"] != "3 re-train"] == ["same", "same", "same", "same"]
    assert rows[2]["what"].endswith(" files of the manifest")
    # simpo against chosen, sft against chosen and simpo, five seeds, five numbers each
    assert rows[1]["what"] == f"{3 * 5 * 5} win rates from {3 * 5 * 12} verdicts"
    (others,) = [row for row in rows if row["what"].startswith("seed 101: ")]
    assert others["what"].endswith("other numbers, win rates among them")


def test_tier_1_notices_one_verdict_turned_round(made: Path, copy: Path):
    frame = pd.read_parquet(copy / "verdicts.parquet")
    place = frame.index[frame["outcome"] != 0.5][0]
    frame.loc[place, "outcome"] = 1 - frame.loc[place, "outcome"]
    frame.to_parquet(copy / "verdicts.parquet")
    rows = regress(made, copy, "--tier", 1)
    assert [row["verdict"] for row in rows[:2]] == ["same", "moved"]
    assert "win_rate (against" in rows[1]["found"]


def test_tier_1_notices_verdicts_that_are_gone(made: Path, copy: Path):
    (copy / "verdicts.parquet").unlink()
    rows = regress(made, copy, "--tier", 1)
    assert rows[0]["verdict"] == "same" and {row["verdict"] for row in rows[1:]} == {"moved"}
    assert "cannot be measured any more" in rows[1]["found"]


def test_tier_3_warns_of_a_win_rate_outside_its_band(made: Path, copy: Path):
    path = copy / "win_rates.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    chosen = (frame["metric"] == "win_rate") & (frame["opponent"] == "chosen") & (frame["recipe"] == "simpo_micro")
    assert chosen.sum() == len(SEEDS)
    frame.loc[chosen, "value"] = [str(-0.5 + 1e-4 * place) for place in range(len(SEEDS))]
    frame.to_csv(path, index=False)
    rows = regress(made, copy, "--tier", 3)
    (found,) = [row for row in rows if "win_rate (against chosen)" in row["what"] and "length" not in row["what"]]
    assert found["verdict"] == "warning" and "simpo_micro seed 101" in found["what"]
    (others,) = [row for row in rows if row["what"].startswith("seed 101: ")]
    assert others["verdict"] == "warning" and others["found"].endswith("outside")


def test_a_reference_without_verdicts_neither_draws_nor_judges(made: Path, tmp_path: Path):
    line = ("reference", "simpo", "--setting", made / "judged.yaml", "--seeds", *SEEDS, "--checkpoint", "simpo")
    folder = tmp_path / "reference"
    ended = bench(*line, "--runs", made / "runs", "--results", tmp_path / "results", "--folder", folder, "--pairs-only")
    assert ended.code == 0, ended.err
    assert not (folder / "verdicts.parquet").exists() and not (folder / "win_rates.csv").exists()
    assert "win rate" not in (folder / "tables.md").read_text(encoding="utf-8")
    rows = regress(made, folder)
    assert [row["tier"] for row in rows[:4]] == ["1 recompute", "1 recompute", "2 re-score", "3 re-train"]
    assert not any("win rates" in row["what"] for row in rows)


def test_tier_1_notices_one_row_turned_round(made: Path, copy: Path):
    def turn(frame: pd.DataFrame) -> None:
        first = frame.index[:2]
        for name in ("logp_sum", "logp_mean"):
            frame.loc[first, name] = frame.loc[first, name].to_numpy()[::-1]

    change_rows(copy, turn)
    *rows, verdicts, files = regress(made, copy, "--tier", 1)
    assert {row["verdict"] for row in (*rows, files)} == {"moved"} and "win rates" in verdicts["what"]
    assert "committed" in rows[0]["found"] and "measured" in rows[0]["found"]


def test_tier_1_notices_a_measurement_that_was_typed_in(made: Path, copy: Path):
    path = copy / "measurements.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, "value"] = "0.123"
    frame.to_csv(path, index=False)
    row, verdicts, files = regress(made, copy, "--tier", 1)
    assert row["verdict"] == "moved" and "0.123" in row["found"] and verdicts["verdict"] == "same"
    assert files["verdict"] == "moved" and files["found"].startswith("measurements.csv: expected ")


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
