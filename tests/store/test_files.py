"""Files are whole or not there."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.recipe.document import read_document
from benchbench.store.files import (
    folders,
    json_or_none,
    read_json,
    whole_folder,
    write_csv,
    write_json,
    write_text,
    write_yaml,
)

TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)


def test_a_text_is_written_and_replaced(tmp_path: Path):
    path = tmp_path / "inner" / "file.txt"
    write_text(path, "one\n")
    write_text(path, "two, longer äöü\n")
    assert path.read_text(encoding="utf-8") == "two, longer äöü\n"
    assert [child.name for child in path.parent.iterdir()] == ["file.txt"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, MemoryError])
def test_a_crash_before_the_end_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
):
    """The rename is the last step; whatever fails before or in it leaves the old file and no draft."""
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})

    def fails(self: Path, target: Path) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(error):
        write_json(path, {"new": 2})
    assert read_json(path) == {"old": 1}
    assert [child.name for child in tmp_path.iterdir()] == ["file.json"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half of it, then \ud800")
    assert read_json(path) == {"old": 1}
    assert [child.name for child in tmp_path.iterdir()] == ["file.json"]


def test_a_killed_writer_leaves_the_old_or_the_new_file_never_half(tmp_path: Path):
    """A process rewrites a large file without pause and is killed at some moment."""
    path = tmp_path / "file.txt"
    code = (
        "import sys; from pathlib import Path; from benchbench.store.files import write_text\n"
        "n = 0\n"
        "while True:\n    n = (n + 1) % 10; write_text(Path(sys.argv[1]), str(n) * 2_000_000)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    text = path.read_text()
    assert len(text) == 2_000_000
    assert len(set(text)) == 1


@given(TREES)
def test_json_reads_back_what_was_written(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "tree.json"
    write_json(path, value)
    assert read_json(path) == value


def test_json_keeps_nan(tmp_path: Path):
    write_json(tmp_path / "a.json", {"x": math.nan})
    assert math.isnan(read_json(tmp_path / "a.json")["x"])


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_yaml_numbers_read_back_by_the_strict_loader(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "number.yaml"
    write_yaml(path, {"learning_rate": value, "no": "no"})
    assert read_document(path).values == {"learning_rate": value, "no": "no"}


# --- folders --------------------------------------------------------------------------------------------------------


def test_a_folder_takes_its_place_only_when_it_is_full(tmp_path: Path):
    place = tmp_path / "a" / "place"
    with whole_folder(place) as draft:
        (draft / "one").write_text("1")
        assert not place.exists()
    assert [path.name for path in place.iterdir()] == ["one"]
    with whole_folder(place) as draft:
        (draft / "two").write_text("2")
    assert [path.name for path in place.iterdir()] == ["two"]
    assert [path.name for path in place.parent.iterdir()] == ["place"]


def test_an_error_leaves_the_old_folder_and_no_draft(tmp_path: Path):
    place = tmp_path / "place"
    with whole_folder(place) as draft:
        (draft / "one").write_text("1")
    with pytest.raises(RuntimeError), whole_folder(place) as draft:
        (draft / "two").write_text("2")
        raise RuntimeError
    assert [path.name for path in place.iterdir()] == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The old one goes only when the new one is there: a disk may fail between the two."""
    place = tmp_path / "place"
    with whole_folder(place) as draft:
        (draft / "one").write_text("1")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if (self / "two").exists():
            raise OSError("disk")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk"), whole_folder(place) as draft:
        (draft / "two").write_text("2")
    assert [path.name for path in place.iterdir()] == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_two_writers_of_one_content_do_not_disturb_each_other(tmp_path: Path):
    """Both found nothing and filled a draft; the second keeps what the first, and perhaps a reader, has."""
    place = tmp_path / "place"
    with whole_folder(place, keep=has_one) as slow:
        (slow / "one").write_text("1")
        with whole_folder(place, keep=has_one) as fast:
            (fast / "one").write_text("1")
        inode = place.stat().st_ino
    assert place.stat().st_ino == inode
    assert json.loads((place / "one").read_text()) == 1
    assert os.listdir(tmp_path) == ["place"]


def has_one(folder: Path) -> bool:
    return (folder / "one").is_file()


def test_a_folder_that_is_not_whole_is_replaced(tmp_path: Path):
    place = tmp_path / "place"
    place.mkdir()
    (place / "half").write_text("half")
    with whole_folder(place, keep=has_one) as draft:
        (draft / "one").write_text("1")
    assert os.listdir(place) == ["one"]
    assert os.listdir(tmp_path) == ["place"]


def test_drafts_of_killed_runs_are_no_folders(tmp_path: Path):
    """A process that was killed could not remove its draft."""
    for name in ("b", "a", ".a.draft"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    assert [path.name for path in folders(tmp_path)] == ["a", "b"]
    assert folders(tmp_path / "none") == []


@pytest.mark.parametrize("content", [None, "", "{", "\x00\x00"])
def test_a_json_file_that_is_damaged_or_not_there_is_none(tmp_path: Path, content: str | None):
    """A power cut may leave an empty file under a name that was just given."""
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    assert json_or_none(tmp_path / "a.json") is None
    write_json(tmp_path / "a.json", {"x": 1})
    assert json_or_none(tmp_path / "a.json") == {"x": 1}


def test_numbers_in_a_csv_file_are_read_back_exactly_whoever_made_them(tmp_path: Path):
    rows = [{"a": np.float64(0.1) + 0.2, "b": math.nan, "c": None, "d": 3, "unnamed": 1}, {"d": "x, y"}]
    write_csv(tmp_path / "new" / "a.csv", ["a", "b", "c", "d"], rows)
    text = (tmp_path / "new" / "a.csv").read_text(encoding="utf-8")
    assert text == 'a,b,c,d\n0.30000000000000004,,,3\n,,,"x, y"\n'
