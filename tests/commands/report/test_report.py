"""`bench report` on a small finished comparison: from what `bench compare` left, every form, and what it refuses."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
from harness import Finished, bench

from benchbench.core.errors import BenchError, ExitCode
from benchbench.report.page import sections
from benchbench.store.comparison_folders import ABOUT, read_comparison_folder

LABELS = ["dpo", "simpo", "ddo_rm", "ipo@sum", "sft"]
SECONDS = 20
"""Of one core, imports and the audit of the data included."""


@pytest.fixture(scope="module")
def home(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the results, and of what an audit of the data reads."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(finished.results, home / "results", symlinks=True)
    for name in ("data", "tokenizer"):
        shutil.copytree(finished.runs / name, home / "runs" / name)
    return home


@pytest.fixture
def comparison(home: Path) -> Path:
    return (home / "results" / "micro" / "comparisons" / "latest").resolve()


def lines(home: Path, *more: object) -> list[object]:
    return ["report", *more, "--results", home / "results", "--runs", home / "runs"]


def test_compare_leaves_everything_that_a_report_needs(comparison: Path):
    stored = read_comparison_folder(comparison)
    assert comparison.name.startswith("dpo-simpo-ddo_rm-ipo-sum-sft-")
    assert stored.about["labels"] == LABELS and stored.about["seeds"] == [1, 2, 3]
    frames = stored.frames
    assert (
        set(frames["values"]["label"]) == set(frames["pairs"]["label"]) == set(frames["settings"]["label"]) == {*LABELS}
    )
    assert set(frames["seeds"]["runs"]) == {"3 of 3"}
    assert len(frames["pairs"]) == len(LABELS) * 3 * 40
    assert {"policy", "score", "reference"} <= set(frames["environment"]["role"])
    curves = frames["training"]
    assert set(curves["label"]) == {"dpo", "simpo", "ddo_rm", "ipo@sum", "shared"}
    assert set(curves.loc[curves["label"] == "shared", "stage"]) == {"sft", "reward_model"}
    margins = frames["pairs"].query("label == 'dpo' and seed == 1")["margin_logp_mean"]
    values = frames["values"].query(
        "label == 'dpo' and seed == 1 and metric == 'mean_margin' and scoring == 'logp_mean'"
    )
    assert margins.mean() == pytest.approx(values["value"].item())
    assert frames["pairs"].query("label == 'simpo'")["probability"].isna().all(), "no reference, no probability"
    assert frames["pairs"].query("label == 'dpo'")["probability"].between(0, 1).all()
    assert frames["pairs"].query("label == 'ipo@sum'")["probability"].isna().all(), "a beta, and no logistic loss"
    hard = frames["measurements"].query(
        "metric == 'reference_difficulty' and scoring == 'logp_sum' and method == 'dpo'"
    )
    of_seeds = frames["pairs"].query("label == 'dpo'").groupby("seed")["difficulty_logp_sum"].mean()
    assert of_seeds.tolist() == pytest.approx(hard.sort_values("seed")["value"].tolist())


def test_the_newest_comparison_has_a_page_in_seconds_and_its_data_are_audited_once(home: Path, comparison: Path):
    began = time.process_time()
    ended = bench(*lines(home))
    assert ended.code == 0, ended.err
    assert time.process_time() - began < SECONDS
    assert str(comparison / "report.html") in ended.text.replace(" ", "")
    page = (comparison / "report.html").read_text(encoding="utf-8")
    document = (comparison / "report.md").read_text(encoding="utf-8")
    for section in sections.in_order():
        assert f'<section id="{section.name}">' in page and f"## {section.title}" in document
    assert "Do simpo, ddo_rm, ipo@sum and sft differ from dpo" in page
    assert "data of dpo: what each check found" in page
    (audit,) = (home / "runs" / "audits").iterdir()
    assert json.loads(audit.read_text())["rows"] == json.loads((comparison / "data_audit.json").read_text())["rows"]
    assert read_comparison_folder(comparison), "the page is beside what was stored, and changes nothing of it"


def test_every_form_is_written_where_it_is_wanted(home: Path, comparison: Path, tmp_path: Path):
    formats = ["--format", "html", "md", "tex", "pdf", "svg", "csv"]
    ended = bench(*lines(home, comparison, *formats, "--out", tmp_path / "paper", "--no-audit", "--json"))
    assert ended.code == 0, ended.err
    names = {str(Path(name).relative_to(tmp_path / "paper")) for name in ended.json["files"]}
    assert {"report.html", "report.md", "tables/pair_accuracy_logp_mean.tex", "csv/pairs.csv"} <= names
    assert {"figures/margins.svg", "figures/margins.pdf"} <= names
    assert all((tmp_path / "paper" / name).stat().st_size for name in names)
    tidy = pd.read_csv(tmp_path / "paper" / "csv" / "values.csv")
    assert {"label", "seed", "metric", "scoring", "value", "difference"} <= set(tidy.columns)


@pytest.mark.parametrize("target", ["id", "beginning", "folder", "setting", "path of the setting's results"])
def test_a_comparison_is_named_in_any_way(home: Path, comparison: Path, tmp_path: Path, target: str):
    from benchbench.commands.report.targets import comparison_folder

    names = {
        "id": comparison.name,
        "beginning": comparison.name[:12],
        "folder": str(comparison),
        "setting": "micro",
        "path of the setting's results": str(home / "results" / "micro"),
    }
    assert comparison_folder(names[target], home / "results") == comparison


def test_what_is_not_there_is_refused_with_what_there_is(home: Path, comparison: Path, tmp_path: Path):
    ended = bench(*lines(home, "nothing"))
    assert ended.code == ExitCode.UNAVAILABLE and comparison.name in ended.err
    empty = bench("report", "--results", tmp_path / "none")
    assert empty.code == ExitCode.UNAVAILABLE and "`bench compare METHOD METHOD` makes one" in empty.err
    wrong = bench(*lines(home, "--format", "pfd"))
    assert wrong.code == ExitCode.USAGE and "did you mean 'pdf'" in wrong.err.lower()


def test_a_beginning_of_several_ids_is_refused(home: Path, comparison: Path, tmp_path: Path):
    from benchbench.commands.report.targets import comparison_folder

    results = tmp_path / "results"
    for name in ("dpo-1", "dpo-2"):
        (results / "micro" / "comparisons" / name).mkdir(parents=True)
        shutil.copy(comparison / ABOUT, results / "micro" / "comparisons" / name / ABOUT)
    with pytest.raises(BenchError, match="found 2: micro/comparisons/dpo-1, micro/comparisons/dpo-2"):
        comparison_folder("dpo", results)


def test_data_that_are_not_here_are_said_not_to_be_audited(home: Path, comparison: Path, tmp_path: Path):
    copied = tmp_path / "copied"
    shutil.copytree(comparison, copied, ignore=shutil.ignore_patterns("data_audit.json", "report.*", "figures"))
    about = json.loads((copied / ABOUT).read_text())
    about["recipe_hashes"]["dpo"] = "another"
    (copied / ABOUT).write_text(json.dumps(about))
    ended = bench("report", copied, "--format", "md", "--results", home / "results", "--runs", tmp_path / "runs")
    assert ended.code == 0, ended.err
    text = (copied / "report.md").read_text(encoding="utf-8")
    assert "the recipe of dpo is no longer the one that was compared" in text
    assert not (copied / "data_audit.json").exists()
