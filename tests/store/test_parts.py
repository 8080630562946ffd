"""Parts of a stage: whole or not there, of one origin, and gone when the result is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchbench.store.damage import listening
from benchbench.store.parts import WrittenParts, remove_parts

CPU = {"device_kind": "cpu"}


def test_parts_that_are_there_are_read_by_the_next_attempt(tmp_path: Path):
    WrittenParts(tmp_path, CPU).write(0, [{"text": "a\u2028b"}, {"text": "c"}])
    again = WrittenParts(tmp_path, CPU)
    assert again.read(0) == [{"text": "a\u2028b"}, {"text": "c"}] and again.read(1) is None


def test_a_part_without_values_is_a_part(tmp_path: Path):
    WrittenParts(tmp_path, CPU).write(0, [])
    assert WrittenParts(tmp_path, CPU).read(0) == []


def cut_short(folder: Path) -> None:
    (folder / "part-00003.jsonl").write_bytes((folder / "part-00003.jsonl").read_bytes()[:-3])


def one_digit(folder: Path) -> None:
    (folder / "part-00003.jsonl").write_bytes((folder / "part-00003.jsonl").read_bytes().replace(b"[1]", b"[7]"))


def a_line_dropped(folder: Path) -> None:
    lines = (folder / "part-00003.jsonl").read_text().splitlines(keepends=True)
    (folder / "part-00003.jsonl").write_text("".join(lines[1:]))


def hash_dropped(folder: Path) -> None:
    lines = (folder / "part-00003.jsonl").read_text().splitlines(keepends=True)
    (folder / "part-00003.jsonl").write_text("".join(lines[:-1]))


def another_part(folder: Path) -> None:
    (folder / "part-00004.jsonl").replace(folder / "part-00003.jsonl")


def emptied(folder: Path) -> None:
    (folder / "part-00003.jsonl").write_text("")


@pytest.mark.parametrize("edit", [cut_short, one_digit, a_line_dropped, hash_dropped, another_part, emptied])
def test_a_part_that_is_not_as_it_was_written_is_dropped_in_a_line(tmp_path: Path, edit):
    parts, lines = WrittenParts(tmp_path, CPU), list[str]()
    parts.write(3, [[1], [2]])
    parts.write(4, [[5], [6]])
    edit(tmp_path / "parts")
    with listening(lines.append):
        assert parts.read(3) is None and parts.read(3) is None
    (line,) = lines
    assert "part-00003.jsonl: expected the part of the stage as it was written, found one with other" in line
    assert line.endswith("it is made again")


def test_parts_of_a_version_without_hashes_are_made_again_and_not_called_damaged(tmp_path: Path):
    lines = list[str]()
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "about.json").write_text(json.dumps(CPU))
    (tmp_path / "parts" / "part-00000.jsonl").write_text("[1]\n")
    with listening(lines.append):
        assert WrittenParts(tmp_path, CPU).read(0) is None
    assert lines == [f"{tmp_path / 'parts'}: parts of an earlier version, which have no hashes; they are made again"]


def test_parts_of_another_device_are_thrown_away(tmp_path: Path):
    WrittenParts(tmp_path, CPU).write(0, [1])
    assert WrittenParts(tmp_path, {"device_kind": "cuda"}).read(0) is None
    remove_parts(tmp_path)
    assert not (tmp_path / "parts").exists()
    remove_parts(tmp_path)
