"""`bench analyse NAME`: files and options, obeyed or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import bench

from benchbench import analyses
from benchbench.commands.analyse.run import AnalysisRequest, input_files, run_analysis
from benchbench.core.errors import BenchError

PASSAGES = [
    {"query": "q", "passage": name, "score_with": score, "score_without": 0.5, "colour": "red"}
    for name, score in (("a", 0.9), ("b", 0.1))
]


@pytest.fixture
def passages(tmp_path: Path) -> Path:
    """A file for utility_pairs."""
    path = tmp_path / "passages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in PASSAGES))
    return path


def test_tables_notes_and_files_of_a_run(passages: Path, tmp_path: Path):
    out = tmp_path / "out"
    ended = bench("analyse", "utility_pairs", passages, "--set", "margin=0.1", "--out", out, "--json")
    assert ended.code == 0, ended.err
    found = ended.json
    assert found["tables"]["summary"][0]["pairs"] == 1
    assert "passages: columns not read: colour" in found["notes"]
    assert {path.name for path in out.iterdir()} == {"report.md", "summary.csv", "passages.csv", "pairs.jsonl"}
    assert sorted(found["written"]) == sorted(map(str, out.iterdir()))
    report = (out / "report.md").read_text()
    assert f"Made by `bench analyse utility_pairs {passages} --set margin=0.1`" in report
    shown = bench("analyse", "utility_pairs", passages)
    assert "Passages by utility" in shown.out and "\nwritten:" not in shown.out


def test_the_same_files_and_options_give_the_same_bytes(passages: Path, tmp_path: Path):
    for name in ("one", "two"):
        assert bench("analyse", "utility_pairs", passages, "--out", tmp_path / name).code == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_files_are_taken_in_order_or_by_name():
    analysis = analyses.get("pairs_rank")
    assert input_files(analysis, ["v", "g"]) == {"verdicts": Path("v"), "gold": Path("g")}
    assert input_files(analysis, ["gold=g", "v"]) == {"verdicts": Path("v"), "gold": Path("g")}
    assert input_files(analysis, ["runs/beta=1/v"]) == {"verdicts": Path("runs/beta=1/v")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [],
            "verdicts: expected a file (.jsonl, .json, .parquet, .csv or .tsv) with columns list, a, b, p_a, got none",
        ),
        (["v", "g", "x"], "x: expected 2 files (verdicts, gold), found one more"),
        (["gold=g", "gold=h", "v"], "gold: given twice; keep one"),
    ],
)
def test_wrong_files_are_refused(words: list[str], said: str):
    with pytest.raises(BenchError) as error:
        input_files(analyses.get("pairs_rank"), words)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["beem=3"], "--set beem: no such option. Did you mean 'beam'? There are: beam, gap"),
        (["beam=0"], "beam: expected 1 or more, got 0"),
        (["beam=two"], "beam"),
    ],
)
def test_wrong_options_are_refused_before_any_file_is_read(sets: list[str], said: str):
    with pytest.raises(BenchError) as error:
        run_analysis(AnalysisRequest("pairs_rank", ["nowhere.jsonl"], sets))
    assert said in str(error.value)


def test_an_unknown_analysis_gets_a_suggestion_and_out_is_a_folder(passages: Path):
    ended = bench("analyse", "pair_rank")
    assert ended.code == 2 and "unknown analysis 'pair_rank'. Did you mean 'pairs_rank'?" in ended.err
    ended = bench("analyse", "utility_pairs", passages, "--out", passages)
    assert ended.code == 2 and "expected a folder, found a file" in ended.err


def test_ls_and_show_are_no_names_of_analyses_and_take_their_words():
    assert not {"ls", "show"} & set(analyses.names())
    assert bench("analyse", "ls", "x").code == 2
    assert bench("analyse", "show").code == 2
    for words in (["ls", "--set", "beam=2"], ["show", "drift", "--out", "x"]):
        assert bench("analyse", *words).code == 2
