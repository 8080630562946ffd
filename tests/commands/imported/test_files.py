"""Files and folders are recognised by what they hold, whatever they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench import exports, imports
from benchbench.commands.imported.files import read_files
from benchbench.core.errors import BenchError
from tests.exports.responses import prompt_set, responses
from tests.imports.logs import annotation, judgment, reward_scores, write_json, write_lines, write_log, write_results

BOARD = ",win_rate,standard_error,n_total\na,50.0,1.0,805\n"


def one_of_each(folder: Path) -> dict[str, Path]:
    """A file of every format, under a name that says nothing."""
    several = {"subset": ["Focus"], "id": ["1"], "scores": [[2, 1]], "num_correct": [1], "results": [1.0]}
    (folder / "board").write_text(BOARD)
    return {
        "alpaca_eval": write_json(folder / "one.txt", [annotation(k, "m", 2.0) for k in range(2)]),
        "alpaca_leaderboard": folder / "board",
        "arena_hard": write_lines(folder / "two", [judgment("u", "m", "A>B", "A=B")]),
        "lm_eval": write_log(folder, [1, 0]).rename(folder / "three.log"),
        "reward_bench": write_json(folder / "four", reward_scores("m", {"a": [(1.0, 0.0)]})),
        "reward_bench_2": write_json(folder / "five", {"model": "m", "chat_template": "c", **several}),
        "reward_bench_summary": write_json(folder / "six", {"model": "m", "chat_template": "c", "hep-cpp": 0.5}),
    }


def test_every_format_is_recognised_by_its_content_and_by_one_import_alone(tmp_path: Path):
    files = one_of_each(tmp_path)
    assert set(files) == set(imports.names())
    read = read_files([str(path) for path in files.values()])
    assert [read_run.run.tool for read_run in read.runs] == list(files)


def test_a_folder_stands_for_the_results_below_it_and_says_what_it_leaves(tmp_path: Path):
    write_log(tmp_path / "out" / "m", [1, 0], task="a")
    write_log(tmp_path / "out" / "m", [1, 0], task="b")
    write_results(tmp_path / "out" / "m", "org/m", {"a": {"acc,none": 0.5}, "b": {"acc,none": 0.5}})
    write_json(tmp_path / "out" / "notes.json", {"hello": 1})
    (tmp_path / "out" / "README.md").write_text("text")
    read = read_files([f"mine={tmp_path / 'out'}"])
    assert [(r.name, r.run.model, r.run.groups[0].group) for r in read.runs] == [("mine", "org/m", n) for n in "ab"]
    assert read.notes == ("left alone: 1 file without results per item in a known format (notes.json)",)


def test_means_beside_items_of_one_folder_are_left_alone(tmp_path: Path):
    """alpaca_eval writes both into one folder."""
    write_json(tmp_path / "m" / "annotations.json", [annotation(k, "m", 2.0) for k in range(3)])
    (tmp_path / "m" / "leaderboard.csv").write_text(BOARD)
    read = read_files([str(tmp_path)])
    assert [r.run.tool for r in read.runs] == ["alpaca_eval"] and "(m/leaderboard.csv)" in read.notes[0]


def test_what_no_import_knows_is_refused_with_what_is_known(tmp_path: Path):
    path = write_json(tmp_path / "x.json", [{"score": 1, "name": "y"}])
    with pytest.raises(
        BenchError, match="expected results of another tool, found entries score, name. Known formats: ann"
    ):
        read_files([str(path)])
    with pytest.raises(BenchError, match="expected results of another tool below this folder, found none"):
        read_files([str(tmp_path)])


def test_files_of_a_known_tool_without_results_per_item_say_what_to_give(tmp_path: Path):
    results = write_results(tmp_path, "m", {"a": {"acc,none": 0.5}})
    with pytest.raises(BenchError, match="has means alone; give its samples_.*jsonl, which --log_samples writes"):
        read_files([str(results)])
    ids = [f"alpaca_eval-{place:03d}" for place in range(5)]
    for name, text in exports.get("alpaca_eval").files(responses(prompt_set(ids))).items():
        write_json(tmp_path / name, None).write_text(text, encoding="utf-8")
        with pytest.raises(BenchError, match="holds outputs that alpaca_eval has not judged"):
            read_files([str(tmp_path / name)])
    uids = [f"{place:016x}" for place in range(5)]
    for name, text in exports.get("arena_hard").files(responses(prompt_set(uids))).items():
        write_json(tmp_path / name, None).write_text(text, encoding="utf-8")
        with pytest.raises(BenchError, match="holds answers that arena-hard-auto has not judged"):
            read_files([str(tmp_path / name)])


def test_a_name_is_for_one_model(tmp_path: Path):
    path = write_json(tmp_path / "a.json", [annotation(1, model, 2.0) for model in ("x", "y")])
    with pytest.raises(BenchError, match="expected one model, found x, y; leave the name out"):
        read_files([f"mine={path}"])
    with pytest.raises(BenchError, match="expected FILE, FOLDER or NAME=FILE"):
        read_files(["=x"])


def test_a_path_that_has_an_equals_sign_is_a_path(tmp_path: Path):
    path = write_json(tmp_path / "annotations_ref=GPT" / "a.json", [annotation(1, "x", 2.0)])
    assert read_files([str(path)]).runs[0].name == ""
