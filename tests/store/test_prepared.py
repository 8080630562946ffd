"""Prepared data on disk: read as written, or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.split_shape import SplitShape
from benchbench.store.checksums import stamped
from benchbench.store.files import write_json
from benchbench.store.prepared import PreparedData, prepared_faults, read_prepared, sound_prepared, write_prepared


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    rows = [{"id": str(number), "text": "a\u2028b"} for number in range(3)]
    return write_prepared(
        tmp_path,
        "key",
        {"train": rows},
        lambda row: row,
        hashes={"train": "content"},
        report={},
        shapes={"train": SplitShape(3, [1], {})},
    )


def test_lines_come_back_as_they_were_written(data: PreparedData, tmp_path: Path):
    again = read_prepared(tmp_path, "key")
    assert again == data
    assert again is not None
    assert [row["text"] for row in again.lines("train")] == ["a\u2028b"] * 3


@pytest.mark.parametrize("edit", ["a line less", "a letter", "gone"])
def test_a_file_that_was_edited_by_hand_is_refused(data: PreparedData, tmp_path: Path, edit: str):
    data.check("train", tmp_path)
    path = data.folder / "train.jsonl"
    text = path.read_text(encoding="utf-8")
    if edit == "gone":
        path.unlink()
    else:
        path.write_text(text[: text.rindex('{"id')] if edit == "a line less" else text.replace("a", "c", 1))
    with pytest.raises(BenchError, match="expected the data as they were prepared") as caught:
        data.lines("train")
    assert caught.value.exit_code is ExitCode.UNAVAILABLE
    assert "run the command again" in str(caught.value)
    with pytest.raises(BenchError) as looked_at:
        data.check("train", tmp_path)
    assert str(looked_at.value) == str(caught.value), "as who reads the lines is told"


def test_data_under_the_key_of_others_are_set_aside(data: PreparedData, tmp_path: Path):
    """Somebody swapped two folders; each is sound in itself."""
    place = data.folder.rename(tmp_path / "data" / "other")
    assert prepared_faults(place) == ["prepared.json: expected the data other, found the data key"]
    with pytest.warns(UserWarning, match=r"expected the data other, found the data key; it is set aside in .*other"):
        assert sound_prepared(tmp_path, "other") is None
    assert not place.exists()


def test_data_that_were_prepared_before_they_had_a_key_are_read(data: PreparedData, tmp_path: Path):
    index = data.folder / "prepared.json"
    values = json.loads(index.read_text())
    write_json(index, stamped({name: value for name, value in values.items() if name not in ("key", "checksum")}))
    assert sound_prepared(tmp_path, "key") == data


def test_a_split_that_cannot_be_read_is_named_with_the_reason(data: PreparedData):
    path = data.folder / "train.jsonl"
    path.unlink()
    path.symlink_to(path)
    (fault,) = prepared_faults(data.folder)
    assert fault.endswith(f"found unreadable: {os.strerror(errno.ELOOP)}")


def test_data_of_a_version_without_hashes_of_files_are_not_read(data: PreparedData, tmp_path: Path):
    index = data.folder / "prepared.json"
    index.write_text(index.read_text().replace('"files"', '"others"'))
    assert read_prepared(tmp_path, "key") is None


@pytest.mark.parametrize("left", ["nothing", "", "{", "[]", "{}", '{"files": 1, "shapes": 2}'])
def test_data_whose_index_is_missing_or_damaged_are_made_anew(data: PreparedData, tmp_path: Path, left: str):
    """Somebody removed a file, or the power failed; what is there is no reason to fail for ever."""
    index = data.folder / "prepared.json"
    index.unlink() if left == "nothing" else index.write_text(left)
    assert read_prepared(tmp_path, "key") is None
    shapes = {"train": SplitShape(3, [1], {})}
    again = write_prepared(
        tmp_path, "key", {"train": ["new"]}, lambda row: row, hashes={"train": "content"}, report={}, shapes=shapes
    )
    assert again.lines("train") == ["new"]
    assert read_prepared(tmp_path, "key") == again
