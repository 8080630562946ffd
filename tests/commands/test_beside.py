"""`bench compare` of a sweep: frontier, rows at an equal KL and ledger, from the recipes of a user's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, WIDE, Ended, bench, finish, generate_section

TEXT = (
    MICRO.read_text(encoding="utf-8")
    + generate_section(prompts=10, tokens=6)
    + "judge:\n  name: gold\n  against: [baseline, chosen]\n"
)
SWEEP = {0.05: "5e-2", 1.0: "1e-6"}
"""Beta -> learning rate, so that one policy of a method goes far, and the other one hardly moves."""
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A setting and two betas of each of two methods, with finished stages."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "micro.yaml").write_text(TEXT, encoding="utf-8")
    for method in ("dpo", "ipo"):
        for beta, rate in SWEEP.items():
            text = (
                f"name: {method}_{beta}\nsetting: micro\nmethod: {{name: {method}, variant: b_{beta}, "
                f"hyper: {{beta: {beta}}}}}\npreference: {{learning_rate: {rate}}}\n"
            )
            (folder / f"{method}_{beta}.yaml").write_text(text, encoding="utf-8")
    status = finish(recipes(folder), runs=folder / "runs", setting=folder / "micro.yaml", seeds=SEEDS)
    assert set(status.values()) == {"done"}
    return folder


def recipes(folder: Path) -> list[Path]:
    return sorted(folder.glob("*po_*.yaml"))


def compare(folder: Path, *more: object, results: str = "results") -> Ended:
    line = ["compare", *recipes(folder), "--setting", folder / "micro.yaml", "--seeds", *SEEDS, *more]
    return bench(*line, "--runs", folder / "runs", "--results", folder / results)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and remark in one line."""
    monkeypatch.setenv("COLUMNS", WIDE)


@pytest.fixture(scope="module")
def conditions(folder: Path) -> tuple[float, list[str]]:
    """A KL that both curves reach at both seeds, and the words of a comparison at it, which is made once."""
    rows = compare(folder, "--json").json["frontier"]
    assert {row["curve"] for row in rows} == {"sft", "dpo@b", "ipo@b"}
    frame = pd.read_csv(next((folder / "results/micro/comparisons").glob("*/frontier_seeds.csv")))
    frame = frame[(frame["quantity"] == "win_rate") & (frame["curve"] != "sft")]
    ranges = frame.groupby(["curve", "seed"])["kl"].agg(["min", "max"])
    low, high = ranges["min"].max(), ranges["max"].min()
    assert low < high, ranges
    kl = (low + high) / 2
    return kl, ["--at", f"kl={kl:.6f}", "--match", "labels", "--match", "updates"]


def test_a_sweep_has_a_curve_for_each_method_and_rows_at_an_equal_kl(folder: Path, conditions: tuple[float, list[str]]):
    kl, words = conditions
    ended = compare(folder, *words)
    assert ended.code == 0, ended.err
    assert "frontier: every policy against its KL to the start" in ended.text
    assert f"at KL {kl:.3g}" in ended.text.replace(f"{float(f'{kl:.6f}'):g}", f"{kl:.3g}")
    assert "ledger: what each row took" in ended.text
    assert "not matched" not in ended.text
    document = compare(folder, *words, "--json").json
    assert [row["curve"] for row in document["at_kl"]] == ["dpo@b", "ipo@b"] * 2
    first, second = document["at_kl"][:2]
    assert first["difference"] is None and second["difference"] == pytest.approx(second["value"] - first["value"])
    assert {row["label"] for row in document["ledger"]} == {"dpo@b_0.05", "dpo@b_1.0", "ipo@b_0.05", "ipo@b_1.0"}
    for row in document["ledger"]:
        assert (row["responses"], row["labels_human"], row["steps"], row["batch"]) == (0, 24, 3, 8)
        assert row["prompts"] == 24 and row["kl"] is not None and row["seconds"]["train"] > 0


def test_the_folder_and_the_page_have_them_too(folder: Path, conditions: tuple[float, list[str]]):
    assert compare(folder, *conditions[1]).code == 0
    ended = bench("report", "--format", "md", "--results", folder / "results", "--runs", folder / "runs")
    assert ended.code == 0, ended.err
    page = (folder / "results/micro/comparisons/latest/report.md").read_text(encoding="utf-8")
    assert "## Frontier" in page and "frontier_win_rate" in page and "## Ledger" in page and "3 of 8" in page
    cells = [json.loads(line) for line in (folder / "results/micro/cells.jsonl").read_text().splitlines()]
    assert {cell["label"] for cell in cells if "ledger" in cell} == {cell["label"] for cell in cells} - {"sft"}


def test_what_does_not_match_is_marked(folder: Path):
    """A row with another number of updates is no other setting, and is marked where updates are to match."""
    longer = folder / "longer.yaml"
    longer.write_text("name: longer\nsetting: micro\nmethod: {name: dpo, variant: long}\npreference: {max_steps: 4}\n")
    finish(
        [recipes(folder)[0], longer], runs=folder / "runs", setting=folder / "micro.yaml", seeds=SEEDS, pairs_only=True
    )
    line = [
        "compare",
        recipes(folder)[0],
        longer,
        "--setting",
        folder / "micro.yaml",
        "--seeds",
        *SEEDS,
        "--pairs-only",
    ]
    places = ["--runs", folder / "runs", "--results", folder / "other"]
    marked = bench(*line, "--match", "updates", *places)
    longer.unlink()
    assert marked.code == 0, marked.err
    assert "not matched: updates 32 v 24" in marked.text
    assert "frontier" not in marked.text and "no KL: no answers" in marked.text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--match", "label"], "unknown quantity of --match 'label'. Did you mean 'labels'?"),
        (["--at", "1.0"], "--at: expected kl=NUMBER in nats per response, such as kl=1.0, found '1.0'"),
        (["--at", "kl=much"], "found 'kl=much'"),
        (["--at", "kl=900"], "--at kl=900: expected a KL that every seed of every curve reaches"),
        (["--at", "kl=1", "--pairs-only"], "--at kl=1: expected rows with a KL to the start and verdicts"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(folder: Path, words: list[str], message: str):
    ended = compare(folder, *words, results="refused")
    assert ended.code == 2 and message in ended.err
