"""Folders of comparisons: whole or not there, nothing of an older one, and `latest` names the newest."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from harness import tree

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store import comparison_folders
from benchbench.store.comparison_folders import (
    ABOUT,
    ComparisonFolders,
    comparison_id,
    damage,
    read_comparison_folder,
)

FRAMES = {
    "small.csv": pd.DataFrame(
        {"label": ["dpo", "sft"], "value": [0.1, math.nan], "note": ["", "x, y"], "p": [math.inf, 0.3]}
    ),
    "large.parquet": pd.DataFrame({"text": ["a", "\u2028"], "value": [1.5, math.nan]}),
}


@pytest.fixture
def folders(tmp_path: Path) -> ComparisonFolders:
    return ComparisonFolders(tmp_path / "results" / "tiny")


def test_what_is_written_is_read_back_as_it_was(folders: ComparisonFolders):
    folder = folders.write("a-1", {"title": "t", "marks": {"dpo": ["untuned"]}}, FRAMES)
    stored = read_comparison_folder(folder)
    assert stored.about["title"] == "t" and stored.about["id"] == "a-1"
    pd.testing.assert_frame_equal(stored.frame("small"), FRAMES["small.csv"], check_dtype=False, check_exact=True)
    pd.testing.assert_frame_equal(stored.frame("large"), FRAMES["large.parquet"])
    assert stored.frame("nothing").empty


def test_nothing_of_an_older_comparison_stays(folders: ComparisonFolders):
    folder = folders.write("a-1", {"title": "old"}, FRAMES)
    (folder / "report.html").write_text("of the old one")
    folders.write("a-1", {"title": "new"}, {"small.csv": FRAMES["small.csv"]})
    assert sorted(path.name for path in folder.iterdir()) == [ABOUT, "small.csv"]


def test_the_same_comparison_keeps_the_page_that_was_made_from_it(folders: ComparisonFolders):
    folder = folders.write("a-1", {"title": "t"}, FRAMES)
    (folder / "report.html").write_text("a page")
    folders.write("a-1", {"title": "t"}, FRAMES)
    assert (folder / "report.html").read_text() == "a page"
    (folder / "small.csv").write_text("somebody's own")
    folders.write("a-1", {"title": "t"}, FRAMES)
    assert not (folder / "report.html").exists() and damage(folder) == []


def test_a_write_that_fails_leaves_the_old_one_as_it_was(folders: ComparisonFolders, monkeypatch: pytest.MonkeyPatch):
    folders.write("a-1", {"title": "old"}, FRAMES)
    before = tree(folders.root)

    def full(*ignored: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(comparison_folders, "write_json", full)
    with pytest.raises(OSError, match="no space"):
        folders.write("a-1", {"title": "new"}, FRAMES)
    with pytest.raises(OSError, match="no space"):
        folders.write("b-2", {"title": "new"}, FRAMES)
    assert tree(folders.root) == before
    assert sorted(path.name for path in folders.root.iterdir()) == ["a-1", "latest"]


def test_latest_names_the_newest_by_a_link_that_survives_a_move(folders: ComparisonFolders, tmp_path: Path):
    assert folders.latest() is None
    folders.write("a-1", {}, FRAMES)
    folders.write("b-2", {}, FRAMES)
    assert folders.latest() == folders.root / "b-2"
    assert (folders.root / "latest" / ABOUT).is_file() and not (folders.root / "latest").readlink().is_absolute()
    folders.write("a-1", {}, FRAMES)
    (tmp_path / "results").rename(tmp_path / "moved")
    moved = ComparisonFolders(tmp_path / "moved" / "tiny")
    assert moved.latest() == moved.root / "a-1"
    assert not [path for path in moved.root.iterdir() if path.name.startswith(".")]


def test_where_links_are_impossible_latest_is_a_file(folders: ComparisonFolders, monkeypatch: pytest.MonkeyPatch):
    def refuse(*ignored: object, **more: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folders.write("a-1", {}, FRAMES)
    folders.write("b-2", {}, FRAMES)
    assert (folders.root / "latest").read_text() == "b-2\n"
    assert folders.latest() == folders.root / "b-2"


def test_a_comparison_is_named_by_its_id_or_the_beginning_of_it(folders: ComparisonFolders):
    for key in ("dpo-1", "dpo-12", "simpo-3"):
        folders.write(key, {}, FRAMES)
    assert [folder.name for folder in folders.named("dpo-1")] == ["dpo-1"]
    assert [folder.name for folder in folders.named("dpo")] == ["dpo-1", "dpo-12"]
    assert [folder.name for folder in folders.named("s")] == ["simpo-3"]


@pytest.mark.parametrize("fault", ["changed", "gone", "form", "no comparison"])
def test_a_comparison_that_is_not_as_it_was_written_is_refused_with_the_way_out(folders: ComparisonFolders, fault: str):
    folder = folders.write("a-1", {}, FRAMES)
    match fault:
        case "changed":
            (folder / "small.csv").write_text("label,value\ndpo,0.9\n")
        case "gone":
            (folder / "large.parquet").unlink()
        case "form":
            about = json.loads((folder / ABOUT).read_text())
            (folder / ABOUT).write_text(json.dumps(about | {"form": 99}))
        case _:
            folder = folders.root
    with pytest.raises(BenchError, match="run the `bench compare` line again") as refused:
        read_comparison_folder(folder)
    assert refused.value.exit_code is ExitCode.UNAVAILABLE and str(folder) in str(refused.value)


def test_an_id_is_stable_names_its_rows_and_differs_where_anything_does():
    key = comparison_id(["dpo", "ipo@sum", "SFT"], {"seeds": [1, 2]})
    assert key == comparison_id(["dpo", "ipo@sum", "SFT"], {"seeds": [1, 2]})
    assert key.startswith("dpo-ipo-sum-sft-") and len(key.rpartition("-")[2]) == 8
    assert key != comparison_id(["dpo", "ipo@sum", "SFT"], {"seeds": [1, 3]})
    many = comparison_id([f"method{n}" for n in range(99)], {})
    assert len(many) <= 49 and "/" not in many
    assert comparison_id(["../.."], {}).isalnum(), "no label leads out of the folder"


def test_the_state_is_of_what_is_there_and_of_what_latest_names(folders: ComparisonFolders):
    folder = folders.write("a-1", {}, FRAMES)
    state = folders.state("a-1")
    assert {*state} == {ABOUT, *FRAMES, "latest"}
    (folder / "report.html").write_text("no part of it")
    assert folders.state("a-1") == state
    folders.write("b-2", {}, FRAMES)
    assert folders.state("a-1") != state
